{{/* Takes root, id, it, components. */}}
{{- define "customer-insights-lib.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "customer-insights-lib.name" . }}
  labels:
    {{- include "customer-insights-lib.labels" . | nindent 4 }}
spec:
  {{- if eq .it.autoscaling.mode "none" }}
  replicas: {{ .it.replicas | int }}
  {{- end }}
  revisionHistoryLimit: 4
  progressDeadlineSeconds: {{ include "customer-insights-lib.startSeconds" . | int | add 480 }}
  minReadySeconds: 5
  strategy:
    type: RollingUpdate
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  selector:
    matchLabels:
      {{- include "customer-insights-lib.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "customer-insights-lib.labels" . | nindent 8 }}
        {{- with .it.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with include "customer-insights-lib.podAnnotations" . }}
      annotations:
        {{- . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "customer-insights-lib.podDefaults" . | nindent 6 }}
      serviceAccountName: {{ include "customer-insights-lib.serviceAccountName" . }}
      terminationGracePeriodSeconds: {{ include "customer-insights-lib.gracePeriod" . }}
      {{- if .it.topologySpread.enabled }}
      topologySpreadConstraints:
        {{- include "customer-insights-lib.spread" . | trim | nindent 8 }}
      {{- end }}
      containers:
        - {{- include "customer-insights-lib.container" . | nindent 10 }}
          ports:
            - { name: grpc, containerPort: {{ include "customer-insights-lib.grpcPort" . }}, protocol: TCP }
            - { name: http, containerPort: {{ include "customer-insights-lib.httpPort" . }}, protocol: TCP }
          {{- include "customer-insights-lib.probes" . | nindent 10 }}
          lifecycle:
            preStop:
              sleep: { seconds: {{ .it.preStopSeconds | int }} }
      volumes:
        {{- include "customer-insights-lib.volumes" . | nindent 8 }}
{{- end -}}

{{/* Takes root, id, it. */}}
{{- define "customer-insights-lib.podAnnotations" -}}
{{- if include "customer-insights-lib.usesDapr" .root -}}
{{- include "customer-insights-lib.sidecarAnnotations" . -}}
{{- end -}}
{{- with .it.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}
