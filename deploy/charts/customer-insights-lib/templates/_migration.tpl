{{/*
Brings the database of a component up to date and ends. It runs before the new version starts, may run again, and may run
twice at once. Without a sidecar: it neither publishes nor calls. Takes root, id, it, components.
*/}}
{{- define "customer-insights-lib.migration" -}}
{{- $hook := .root.Values.migrations.hook -}}
{{- $label := dict "root" .root "id" "migrations" -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "customer-insights-lib.name" . }}-migrate
  labels:
    {{- include "customer-insights-lib.labels" $label | nindent 4 }}
  annotations:
    {{- if eq $hook "helm" }}
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: "-5"
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
    {{- else }}
    argocd.argoproj.io/hook: Sync
    argocd.argoproj.io/hook-delete-policy: BeforeHookCreation,HookSucceeded
    argocd.argoproj.io/sync-wave: "-1"
    {{- end }}
spec:
  backoffLimit: 3
  activeDeadlineSeconds: {{ .root.Values.migrations.deadlineSeconds | int }}
  ttlSecondsAfterFinished: 86400
  template:
    metadata:
      labels:
        {{- include "customer-insights-lib.labels" $label | nindent 8 }}
      annotations:
        dapr.io/enabled: "false"
    spec:
      {{- include "customer-insights-lib.oneOff" . | nindent 6 }}
{{- end -}}

{{/* The pod of a process that only checks its settings and its database, by the account "default": it shows its own to nobody. */}}
{{- define "customer-insights-lib.oneOff" -}}
{{- include "customer-insights-lib.podDefaults" . }}
restartPolicy: Never
containers:
  - {{- include "customer-insights-lib.container" . | nindent 4 }}
    args: ["--migrate"]
volumes:
  {{- include "customer-insights-lib.volumes" . | nindent 2 }}
{{- end -}}
