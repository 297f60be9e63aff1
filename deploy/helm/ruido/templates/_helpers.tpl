{{- define "ruido.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "ruido.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "ruido.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "ruido.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* Labels of one component: (dict "root" $ "component" "gateway") */}}
{{- define "ruido.selector" -}}
app.kubernetes.io/name: {{ include "ruido.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "ruido.labels" -}}
{{ include "ruido.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.extraLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* (dict "root" $ "image" .Values.gateway.image): an empty tag is the chart's version of Ruido. */}}
{{- define "ruido.image" -}}
{{ printf "%s:%s" .image.repository (default .root.Chart.AppVersion .image.tag | toString) | quote }}
imagePullPolicy: {{ .image.pullPolicy }}
{{- end }}

{{- define "ruido.serviceAccount" -}}
{{- default (ternary (include "ruido.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end }}

{{- define "ruido.redisUri" -}}
{{- if .Values.redis.uri -}}{{ .Values.redis.uri }}
{{- else if .Values.embedded.enabled -}}redis://{{ include "ruido.fullname" . }}-redis:6379
{{- else -}}{{ fail "redis.uri must be set, or embedded.enabled" }}
{{- end -}}
{{- end }}

{{- define "ruido.kafkaServers" -}}
{{- if .Values.kafka.bootstrapServers -}}{{ .Values.kafka.bootstrapServers }}
{{- else if .Values.embedded.enabled -}}{{ include "ruido.fullname" . }}-kafka:9092
{{- else -}}{{ fail "kafka.bootstrapServers must be set, or embedded.enabled" }}
{{- end -}}
{{- end }}

{{- define "ruido.s3Endpoint" -}}
{{- if .Values.s3.endpoint -}}{{ .Values.s3.endpoint }}
{{- else if .Values.embedded.enabled -}}http://{{ include "ruido.fullname" . }}-minio:9000
{{- else -}}{{ fail "s3.endpoint must be set, or embedded.enabled" }}
{{- end -}}
{{- end }}

{{/* A setting's name as a variable: jobs.max-steps is RUIDO_JOBS_MAX_STEPS. */}}
{{- define "ruido.settings" -}}
{{- range $name, $value := . }}
- name: {{ printf "RUIDO_%s" ($name | upper | replace "." "_" | replace "-" "_") }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end }}

{{/* Changes with the secrets of the values, so that pods restart. Not of the Secret: it has random passwords at the first rendering. */}}
{{- define "ruido.secretsChecksum" -}}
{{- list .Values.kafka.password .Values.redis.password .Values.s3.accessKey .Values.s3.secretKey .Values.apiKeys.inline | toJson | sha256sum -}}
{{- end }}

{{/* Whether the embedded S3 server's keys have to be made. */}}
{{- define "ruido.ownSecret" -}}
{{- if or .Values.kafka.password .Values.redis.password .Values.s3.secretKey .Values.embedded.enabled -}}true{{- end -}}
{{- end }}

{{/* Where Kafka, Redis and S3 are, for every pod of Ruido. */}}
{{- define "ruido.env" -}}
{{- $v := .Values -}}
{{- $own := include "ruido.fullname" . -}}
- {name: RUIDO_KAFKA_BOOTSTRAP_SERVERS, value: {{ include "ruido.kafkaServers" . | quote }}}
- {name: RUIDO_KAFKA_REPLICATION_FACTOR, value: {{ ternary 1 $v.kafka.replicationFactor (empty $v.kafka.bootstrapServers) | quote }}}
- {name: RUIDO_KAFKA_SECURITY_PROTOCOL, value: {{ $v.kafka.securityProtocol }}}
{{- if hasPrefix "SASL" $v.kafka.securityProtocol }}
- {name: RUIDO_KAFKA_SASL_MECHANISM, value: {{ $v.kafka.saslMechanism }}}
- {name: RUIDO_KAFKA_USERNAME, value: {{ $v.kafka.username | quote }}}
- name: RUIDO_KAFKA_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ default $own $v.kafka.existingSecret.name }}
      key: {{ ternary $v.kafka.existingSecret.passwordKey "kafka-password" (ne $v.kafka.existingSecret.name "") }}
{{- end }}
{{- if $v.kafka.clientCertificateSecret }}
- {name: RUIDO_KAFKA_TLS_CERTIFICATE, value: /etc/ruido/kafka/tls.crt}
- {name: RUIDO_KAFKA_TLS_KEY, value: /etc/ruido/kafka/tls.key}
{{- end }}
- {name: RUIDO_REDIS_URI, value: {{ include "ruido.redisUri" . | quote }}}
{{- with $v.redis.username }}
- {name: RUIDO_REDIS_USERNAME, value: {{ . | quote }}}
{{- end }}
{{- if or $v.redis.password $v.redis.existingSecret.name }}
- name: RUIDO_REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ default $own $v.redis.existingSecret.name }}
      key: {{ ternary $v.redis.existingSecret.passwordKey "redis-password" (ne $v.redis.existingSecret.name "") }}
{{- else if and $v.embedded.enabled (not $v.redis.uri) }}
- name: RUIDO_REDIS_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ $own }}, key: redis-password}}
{{- end }}
{{- with $v.redis.sentinelPasswordKey }}
- name: RUIDO_REDIS_SENTINEL_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ $v.redis.existingSecret.name }}, key: {{ . }}}}
{{- end }}
- {name: RUIDO_S3_ENDPOINT, value: {{ include "ruido.s3Endpoint" . | quote }}}
{{- with $v.s3.publicEndpoint }}
- {name: RUIDO_S3_PUBLIC_ENDPOINT, value: {{ . | quote }}}
{{- end }}
- {name: RUIDO_S3_REGION, value: {{ $v.s3.region }}}
- {name: RUIDO_S3_BUCKET, value: {{ $v.s3.bucket }}}
- {name: RUIDO_S3_CREDENTIALS, value: {{ $v.s3.credentials }}}
{{- if eq $v.s3.credentials "keys" }}
{{- $existing := $v.s3.existingSecret }}
- name: RUIDO_S3_ACCESS_KEY
  valueFrom:
    secretKeyRef:
      name: {{ default $own $existing.name }}
      key: {{ ternary $existing.accessKeyKey "s3-access-key" (ne $existing.name "") }}
- name: RUIDO_S3_SECRET_KEY
  valueFrom:
    secretKeyRef:
      name: {{ default $own $existing.name }}
      key: {{ ternary $existing.secretKeyKey "s3-secret-key" (ne $existing.name "") }}
{{- else if eq $v.s3.credentials "file" }}
- {name: RUIDO_S3_CREDENTIALS_FILE, value: /etc/ruido/s3/credentials}
{{- end }}
{{- if or $v.trustedCertificates.configMap $v.trustedCertificates.secret }}
- {name: RUIDO_TRUSTED_CERTIFICATES, value: /etc/ruido/trusted/ca.crt}
{{- end }}
{{- with $v.tracing.endpoint }}
- {name: RUIDO_TRACING_ENDPOINT, value: {{ . | quote }}}
{{- end }}
{{- include "ruido.settings" $v.settings }}
{{- end }}

{{- define "ruido.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if .Values.kafka.clientCertificateSecret }}
- {name: kafka-certificate, mountPath: /etc/ruido/kafka, readOnly: true}
{{- end }}
{{- if eq .Values.s3.credentials "file" }}
- {name: s3-credentials, mountPath: /etc/ruido/s3, readOnly: true}
{{- end }}
{{- if or .Values.trustedCertificates.configMap .Values.trustedCertificates.secret }}
- {name: trusted-certificates, mountPath: /etc/ruido/trusted, readOnly: true}
{{- end }}
{{- end }}

{{- define "ruido.volumes" -}}
- {name: tmp, emptyDir: {sizeLimit: 1280Mi}}
{{- with .Values.kafka.clientCertificateSecret }}
- {name: kafka-certificate, secret: {secretName: {{ . }}, defaultMode: 288}}
{{- end }}
{{- if eq .Values.s3.credentials "file" }}
- name: s3-credentials
  secret:
    secretName: {{ required "s3.existingSecret.name must be set with s3.credentials file" .Values.s3.existingSecret.name }}
    defaultMode: 288
    items: [{key: {{ .Values.s3.existingSecret.fileKey }}, path: credentials}]
{{- end }}
{{- with .Values.trustedCertificates }}
{{- if .configMap }}
- {name: trusted-certificates, configMap: {name: {{ .configMap }}, items: [{key: {{ .key }}, path: ca.crt}]}}
{{- else if .secret }}
- {name: trusted-certificates, secret: {secretName: {{ .secret }}, items: [{key: {{ .key }}, path: ca.crt}]}}
{{- end }}
{{- end }}
{{- end }}

{{/* What all pods have in common: (dict "root" $) */}}
{{- define "ruido.pod" -}}
serviceAccountName: {{ include "ruido.serviceAccount" . }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* (dict "root" $ "worker" entry) */}}
{{- define "ruido.modelEnv" -}}
{{- with .worker.models }}
- {name: RUIDO_WORKER_MODEL_NAMES, value: {{ join "," . | quote }}}
{{- end }}
{{- if eq .root.Values.models.source "bucket" }}
- {name: RUIDO_WORKER_MODEL_SOURCE, value: {{ .root.Values.models.bucket | quote }}}
{{- end }}
{{- end }}

{{- define "ruido.modelVolume" -}}
{{- $cache := .Values.models.cache -}}
{{- if eq .Values.models.source "bucket" }}
{{- if eq $cache.type "emptyDir" }}
- {name: models, emptyDir: {sizeLimit: {{ $cache.sizeLimit }}}}
{{- else if eq $cache.type "hostPath" }}
- {name: models, hostPath: {path: {{ $cache.hostPath }}, type: DirectoryOrCreate}}
{{- else }}
- {name: models, persistentVolumeClaim: {claimName: {{ required "models.cache.claim must be set with models.cache.type claim" $cache.claim }}}}
{{- end }}
{{- else if eq .Values.models.source "pvc" }}
- {name: models, persistentVolumeClaim: {claimName: {{ required "models.pvc.claim must be set with models.source pvc" .Values.models.pvc.claim }}, readOnly: {{ .Values.models.pvc.readOnly }}}}
{{- end }}
{{- end }}

{{- define "ruido.egress" -}}
{{- with .Values.networkPolicy.egressTo }}
egress:
  - ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
  - to:
      - podSelector:
          matchLabels:
            app.kubernetes.io/instance: {{ $.Release.Name }}
      {{- toYaml . | nindent 6 }}
{{- end }}
{{- end }}

{{/*
The command of a container that runs a class of its image as soon as the embedded servers accept connections:
(dict "root" $ "main" "io.ruido.gateway.Gateway"). An init container would take a second more. Without the trap, the shell, which is
process 1, would ignore SIGTERM while it waits.
*/}}
{{- define "ruido.awaitServersAndRun" -}}
{{- $full := include "ruido.fullname" .root -}}
command: [/bin/bash, -c]
args:
  - |
    trap 'exit 143' TERM
    for server in {{ $full }}-kafka/9092 {{ $full }}-redis/6379 {{ $full }}-minio/9000; do
      until (exec 3<>"/dev/tcp/$server") 2>/dev/null; do echo "waiting for $server"; sleep 1; done
    done
    exec /opt/java/bin/java @/app/java.args {{ .main }}
{{- end }}
