-- Basis data dan dua peran: portal_owner membuat dan mengubah tabel, portal_web hanya membaca dan menulis isinya.
-- Kata sandi dari lingkungan, supaya tidak terlihat di daftar proses dan tidak tertinggal di riwayat perintah:
--   OWNER_PASSWORD=... WEB_PASSWORD=... psql -v ON_ERROR_STOP=1 -d postgres -f deploy/server/roles.sql
-- Boleh dijalankan lagi: yang sudah ada dibiarkan, yang belum ada dibuat; sandi hanya diganti bila disebut.
\getenv owner_password OWNER_PASSWORD
\getenv web_password WEB_PASSWORD

SELECT 'CREATE ROLE portal_owner LOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_owner') \gexec
SELECT 'CREATE ROLE portal_web LOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_web') \gexec
\if :{?owner_password}
ALTER ROLE portal_owner PASSWORD :'owner_password';
\endif
\if :{?web_password}
ALTER ROLE portal_web PASSWORD :'web_password';
\endif
SELECT $$CREATE DATABASE portal OWNER portal_owner TEMPLATE template0 ENCODING 'UTF8'
  LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'$$
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'portal') \gexec
REVOKE ALL ON DATABASE portal FROM PUBLIC;
GRANT CONNECT ON DATABASE portal TO portal_web;

\connect portal
ALTER SCHEMA public OWNER TO portal_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO portal_web;
-- Berlaku untuk setiap tabel yang nanti dibuat portal_owner. Tanpa TRUNCATE, REFERENCES, TRIGGER.
ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO portal_web;
ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO portal_web;

-- Mesin yang mati tidak berpamitan: tanpa ini sesinya, dan baris yang dikuncinya, tertahan sampai dua jam.
ALTER ROLE portal_web SET tcp_keepalives_idle = 10;
ALTER ROLE portal_web SET tcp_keepalives_interval = 3;
ALTER ROLE portal_web SET tcp_keepalives_count = 3;
ALTER ROLE portal_web SET tcp_user_timeout = '20s';
ALTER ROLE portal_web SET idle_in_transaction_session_timeout = '5min';
