#!/bin/sh
# Makes the secrets of compose.yml in the directory named (default: secrets/ beside this file), each
# random and none twice. What exists is kept: databases keep the passwords they were made with.
set -eu

directory=${1:-$(dirname "$0")/secrets}

# Only the owner gets into the directory. The files themselves are readable by all, because Compose
# mounts them as they are, and most containers read them as a user of their own.
umask 077
mkdir -p "$directory"
cd "$directory"
chmod 700 .
umask 022

random() {
    openssl rand -hex 24
}

# keep NAME TEXT: NAME holds TEXT, unless it is there already. Atomic, so that no half file stays.
keep() {
    [ -s "$1" ] && return
    printf '%s\n' "$2" > "$1.new"
    mv "$1.new" "$1"
}

# The passwords as such; the other files repeat them in the form that each reader wants.
for name in rabbitmq_password mysql_password mysql_root_password mysql_exporter_password \
    grafana_admin_password prometheus_password; do
    keep "$name" "$(random)"
done

keep amqp_url "amqp://judge:$(cat rabbitmq_password)@rabbitmq:5672/%2f"
keep rabbitmq_user.conf "default_user = judge
default_pass = $(cat rabbitmq_password)"
keep database_url "mysql://judge:$(cat mysql_password)@mysql:3306/judge"
keep mysql_exporter_user.sql "CREATE USER 'exporter'@'%' IDENTIFIED BY '$(cat mysql_exporter_password)' WITH MAX_USER_CONNECTIONS 3;
GRANT PROCESS, REPLICATION CLIENT, SELECT ON *.* TO 'exporter'@'%';"
keep mysql_exporter.cnf "[client]
user = exporter
password = $(cat mysql_exporter_password)
host = mysql
port = 3306"
keep prometheus_htpasswd "judge:$(openssl passwd -apr1 "$(cat prometheus_password)")"

echo "secrets are in $directory; Grafana: admin and grafana_admin_password, Prometheus: judge and prometheus_password"
