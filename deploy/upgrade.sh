#!/bin/sh
# Memperbarui portal, langkah demi langkah; berhenti pada yang pertama gagal dan mengatakan cara kembali.
#   deploy/upgrade.sh [VERSI]     VERSI: tag atau commit; tanpa itu yang terbaru dari cabang yang terpasang
# Dijalankan sebagai root, di server (portal.target) atau di laptop (portal.service). Penjelasan: docs/operasi.md.
# Semuanya di dalam main(): berkas ini sendiri ikut diganti di tengah jalan.
set -eu

CODE=${PORTAL_CODE:-/opt/portal}
MANAGE=${PORTAL_MANAGE:-portal-manage}
HEALTH=${PORTAL_HEALTH:-http://127.0.0.1:8000/healthz}
SETTLE=${PORTAL_SETTLE:-10}
# Dari versi mana dan cadangan yang mana, selama pembaruan belum selesai: yang diulang tidak melupakannya.
STATE=$CODE/.pembaruan

step() {
  now=$1
  shift
  echo "== $now"
  "$@" || stuck
}

stuck() {
  cat >&2 <<TEXT

GAGAL pada langkah: $now
$state
Perbaiki sebabnya lalu jalankan lagi perintah ini, atau kembali ke versi sebelumnya:

  git -C $CODE checkout --detach $old
  $CODE/.venv/bin/pip install --require-hashes -r $CODE/requirements.txt
TEXT
  if [ "$changed" = yes ]; then
    cat >&2 <<TEXT
  # Tabel mungkin sudah berubah, dan kode lama tidak membacanya: pulihkan cadangan yang baru dibuat. Tempatnya
  # dikosongkan dulu, langkah demi langkah di docs/operasi.md, "Kembali ke versi sebelumnya":
  $MANAGE restore $saved --into $EMPTY
TEXT
  fi
  cat >&2 <<TEXT
  systemctl restart $UNIT
  $MANAGE maintenance off
TEXT
  exit 1
}

is_server() { systemctl cat portal-web.service >/dev/null 2>&1; }

# Kode baru yang pustakanya belum terpasang tidak dapat menjawab: pembaruannya belum selesai.
is_closed() {
  answer=$($MANAGE maintenance status 2>/dev/null) || return 0
  [ "$answer" = "sedang diperbarui" ]
}

rest_workers() {
  if [ "$UNIT" = portal.target ]; then
    systemctl stop portal-worker@cepat portal-worker@berat portal-sweep || return 1
  fi
  # Di laptop `serve` mengistirahatkan pekerjanya sendiri begitu halaman pemeliharaan menyala.
  sleep "$SETTLE"
}

back_up() {
  said=$($MANAGE backup) || return 1
  echo "$said"
  saved=$(echo "$said" | tail -n 1)
  printf '%s\n%s\n' "$old" "$saved" > "$STATE"
}

take() {
  if [ -z "$wanted" ]; then
    git -C "$CODE" pull --ff-only
  else
    git -C "$CODE" fetch --tags && git -C "$CODE" checkout --detach "$wanted"
  fi
}

prepare() {
  if [ "$UNIT" = portal.target ]; then systemctl start portal-prepare; else $MANAGE prepare; fi
}

check_scores() {
  found=$($MANAGE recompute_scores --dry-run) || return 1
  echo "$found"
  case $found in *"Tidak ada selisih."*) ;; *) return 1 ;; esac
}

answers() {
  tries=0
  until curl -sf "$HEALTH"; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || return 1
    sleep 1
  done
  echo
}

main() {
  wanted=${1:-}
  changed=no
  saved=
  state='Portal tetap menampilkan halaman "sedang diperbarui"; jawaban di lapangan tetap di perangkat dan tidak hilang.'
  if is_server; then
    UNIT=portal.target EMPTY=postgres://portal_owner@127.0.0.1:5432/portal
  else
    UNIT=portal EMPTY=/var/lib/portal
  fi
  old=$(git -C "$CODE" rev-parse HEAD)
  # Yang kembali ke versi lama mematikan halaman pemeliharaan; hanya yang diulang menemukannya masih menyala.
  again=no
  if [ -s "$STATE" ] && is_closed; then
    { read -r old; read -r saved; } < "$STATE"
    again=yes changed=yes
    echo "Melanjutkan pembaruan dari $old; cadangan dari sebelumnya: $saved"
  fi
  [ -z "$(git -C "$CODE" status --porcelain --untracked-files=no)" ] || {
    echo "Ada berkas kode yang diubah di $CODE; simpan atau kembalikan dulu (git status)." >&2
    exit 1
  }
  if [ -z "$wanted" ] && ! git -C "$CODE" symbolic-ref -q HEAD >/dev/null; then
    echo "Kode terpasang pada satu versi, bukan pada cabang. Sebut versinya (make upgrade VERSI=...)," >&2
    echo "atau kembali dulu ke cabangnya: git -C $CODE checkout main" >&2
    exit 1
  fi
  [ "$again" = yes ] || step "halaman pemeliharaan" $MANAGE maintenance on
  step "pekerja beristirahat" rest_workers
  [ -n "$saved" ] || step "cadangan" back_up
  step "kode baru" take
  step "pustaka" "$CODE/.venv/bin/pip" install --quiet --require-hashes -r "$CODE/requirements.txt"
  changed=yes
  step "tabel, instrumen, berkas statis" prepare
  step "pengaturan" $MANAGE check --deploy --fail-level ERROR
  step "jejak audit" $MANAGE verify_audit
  step "nilai" check_scores
  step "mulai" systemctl restart "$UNIT"
  step "membuka portal" $MANAGE maintenance off
  state='Portal sudah dibuka, tetapi belum mengatakan "baik": lihat catatannya dengan journalctl.'
  step "keadaan" answers
  rm -f "$STATE"
  echo "Selesai: $(git -C "$CODE" rev-parse --short "$old") -> $(git -C "$CODE" rev-parse --short HEAD)"
  exit 0
}

main "$@"
