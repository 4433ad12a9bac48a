{{/* What the standard "restricted" asks of a pod. */}}
{{- define "customer-insights-lib.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ include "customer-insights-lib.user" . }}
runAsGroup: {{ include "customer-insights-lib.user" . }}
fsGroup: {{ include "customer-insights-lib.user" . }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "customer-insights-lib.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* How long a start may take. Without jobs a process migrates before its port opens, and a kill would undo that. Takes root, it. */}}
{{- define "customer-insights-lib.startSeconds" -}}
{{- $migrations := ternary (int .root.Values.migrations.deadlineSeconds) 0 (eq .root.Values.migrations.hook "none") -}}
{{- add (int .it.startupSeconds) $migrations -}}
{{- end -}}

{{/* Live looks at the process alone, ready at database and transport: an outage must not restart anything. */}}
{{- define "customer-insights-lib.probes" -}}
{{- $scheme := ternary "HTTPS" "HTTP" (ne .root.Values.tls.existingSecret "") -}}
startupProbe:
  httpGet: { path: /healthz/live, port: http, scheme: {{ $scheme }} }
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: {{ div (add (include "customer-insights-lib.startSeconds" . | int) 1) 2 }}
livenessProbe:
  httpGet: { path: /healthz/live, port: http, scheme: {{ $scheme }} }
  periodSeconds: 10
  timeoutSeconds: 2
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /healthz/ready, port: http, scheme: {{ $scheme }} }
  periodSeconds: 5
  timeoutSeconds: 4
  failureThreshold: 2
{{- end -}}

{{/*
Longer than the process takes to stop, and with a sidecar longer than that lets it: a kill in between costs a second delivery.
Takes root, it.
*/}}
{{- define "customer-insights-lib.gracePeriod" -}}
{{- $process := add (int .it.preStopSeconds) (int .it.shutdownTimeoutSeconds) -}}
{{- if include "customer-insights-lib.usesDapr" .root -}}
{{- add $process (int .root.Values.dapr.sidecar.gracefulShutdownSeconds) 5 -}}
{{- else -}}
{{- add $process 10 -}}
{{- end -}}
{{- end -}}

{{/* What every pod has, long-lived or not. Takes root, id, it. */}}
{{- define "customer-insights-lib.podDefaults" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .it.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  {{- include "customer-insights-lib.podSecurity" . | nindent 2 }}
{{- with .it.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .it.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The container of a process. Takes root, id, it, components. */}}
{{- define "customer-insights-lib.container" -}}
name: {{ .id }}
image: {{ include "customer-insights-lib.image" . | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  {{- include "customer-insights-lib.containerSecurity" . | nindent 2 }}
env:
  {{- include "customer-insights-lib.environment" . | nindent 2 }}
resources:
  {{- toYaml .it.resources | nindent 2 }}
volumeMounts:
  {{- include "customer-insights-lib.volumeMounts" . | nindent 2 }}
{{- end -}}

{{/* Takes root, id, it. */}}
{{- define "customer-insights-lib.spread" -}}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: {{ $.it.topologySpread.whenUnsatisfiable }}
  labelSelector:
    matchLabels:
      {{- include "customer-insights-lib.selector" $ | nindent 6 }}
  matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end -}}
