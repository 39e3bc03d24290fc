#!/bin/sh
# Membuat sertifikat akar sendiri (sekali) dan sertifikat untuk alamat laptop di jaringan kantor.
#   deploy/laptop/make-certificate.sh FOLDER ALAMAT...     misalnya: /etc/portal/tls 192.168.1.10 portal.local
# Sertifikat akar hanya berlaku untuk alamat jaringan dalam dan nama .local atau .internal: ponsel yang memasangnya
# tidak dapat ditipu dengan alamat lain, sekalipun kunci akarnya dicuri.
set -eu
umask 077
[ $# -ge 2 ] || { echo "Pemakaian: $0 FOLDER ALAMAT..." >&2; exit 2; }
folder=$1
shift
mkdir -p "$folder"
cd "$folder"

names=
for address in "$@"; do
  case $address in
    *[!0-9.]*) names="$names,DNS:$address" ;;
    *) names="$names,IP:$address" ;;
  esac
done

if [ ! -e ca.key ]; then
  cat > ca.cnf <<'CNF'
[req]
distinguished_name = dn
x509_extensions = ca
prompt = no
[dn]
CN = Portal Zona Integritas, sertifikat akar kantor
[ca]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
nameConstraints = critical,@reach
[reach]
permitted;IP.1 = 10.0.0.0/255.0.0.0
permitted;IP.2 = 172.16.0.0/255.240.0.0
permitted;IP.3 = 192.168.0.0/255.255.0.0
permitted;IP.4 = 127.0.0.0/255.0.0.0
permitted;DNS.1 = local
permitted;DNS.2 = internal
CNF
  openssl ecparam -name prime256v1 -genkey -noout -out ca.key
  openssl req -x509 -new -key ca.key -sha256 -days 3650 -config ca.cnf -out ca.crt
fi

cat > portal.cnf <<CNF
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid
subjectAltName = ${names#,}
CNF
# Dibuat di samping yang lama dan baru dipakai setelah lolos pemeriksaan.
openssl ecparam -name prime256v1 -genkey -noout -out portal.key.baru
# Paling lama 825 hari: iPhone menolak yang lebih panjang.
openssl req -new -key portal.key.baru -subj "/CN=Portal Zona Integritas" |
  openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -sha256 -days 800 -extfile portal.cnf -out portal.crt.baru
openssl verify -CAfile ca.crt portal.crt.baru || {
  rm -f portal.key.baru portal.crt.baru
  echo "Alamat di luar jaringan dalam: $*" >&2
  exit 1
}
mv portal.key.baru portal.key
mv portal.crt.baru portal.crt
# nginx membacakan ca.crt kepada ponsel; kedua kunci tetap tertutup.
chmod 755 .
chmod 644 ca.crt portal.crt
echo "Sertifikat akar untuk ponsel: $folder/ca.crt"
openssl x509 -in ca.crt -noout -fingerprint -sha256
openssl x509 -in portal.crt -noout -enddate
