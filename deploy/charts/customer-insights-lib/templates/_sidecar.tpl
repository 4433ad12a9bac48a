{{/* Annotations that the injector reads from the pod: https://docs.dapr.io/reference/arguments-annotations-overview/. Takes root, id. */}}
{{- define "customer-insights-lib.sidecarAnnotations" -}}
{{- $dapr := .root.Values.dapr -}}
{{- $sidecar := $dapr.sidecar -}}
dapr.io/enabled: "true"
dapr.io/app-id: {{ .id | quote }}
dapr.io/app-port: {{ include "customer-insights-lib.grpcPort" . | quote }}
dapr.io/app-protocol: {{ ternary "grpc" "grpcs" (eq .root.Values.tls.existingSecret "") | quote }}
dapr.io/config: {{ include "customer-insights-lib.name" . | quote }}
dapr.io/enable-app-health-check: "true"
dapr.io/app-health-probe-interval: {{ $dapr.appHealthCheck.intervalSeconds | int | quote }}
dapr.io/app-health-probe-timeout: {{ $dapr.appHealthCheck.timeoutMilliseconds | int | quote }}
dapr.io/app-health-threshold: {{ $dapr.appHealthCheck.threshold | int | quote }}
dapr.io/log-as-json: {{ $dapr.logAsJson | quote }}
dapr.io/log-level: {{ $dapr.logLevel | quote }}
dapr.io/graceful-shutdown-seconds: {{ $sidecar.gracefulShutdownSeconds | int | quote }}
dapr.io/block-shutdown-duration: "{{ add (int .it.preStopSeconds) (int .it.shutdownTimeoutSeconds) }}s"
dapr.io/max-body-size: {{ $sidecar.maxBodySize | quote }}
dapr.io/placement-host-address: ""
dapr.io/sidecar-seccomp-profile-type: {{ $sidecar.seccompProfile | quote }}
dapr.io/sidecar-cpu-request: {{ $sidecar.cpuRequest | quote }}
dapr.io/sidecar-memory-request: {{ $sidecar.memoryRequest | quote }}
dapr.io/sidecar-memory-limit: {{ $sidecar.memoryLimit | quote }}
{{- if .root.Values.serviceIdentity.caConfigMap }}
dapr.io/env: "GOMEMLIMIT={{ $sidecar.goMemoryLimit }},SSL_CERT_FILE=/etc/customer-insights/issuer/ca.crt"
dapr.io/volume-mounts: issuer:/etc/customer-insights/issuer
{{- else }}
dapr.io/env: "GOMEMLIMIT={{ $sidecar.goMemoryLimit }}"
{{- end }}
{{- if $sidecar.native }}
dapr.io/enable-native-sidecar: "true"
{{- end }}
{{- if not $dapr.builtInSecretStore }}
dapr.io/disable-builtin-k8s-secret-store: "true"
{{- end }}
{{- with $dapr.apiTokenSecret }}
dapr.io/api-token-secret: {{ . | quote }}
{{- end }}
{{- with $dapr.appTokenSecret }}
dapr.io/app-token-secret: {{ . | quote }}
{{- end }}
{{- end -}}

{{/*
The configuration of a component's sidecar: whom it lets in. Closed but for the services that callers use by their code.
Takes root, id, it, components.
*/}}
{{- define "customer-insights-lib.configuration" -}}
{{- $dapr := .root.Values.dapr -}}
apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: {{ include "customer-insights-lib.name" . }}
  labels:
    {{- include "customer-insights-lib.labels" . | nindent 4 }}
  {{- with include "customer-insights-lib.first" . }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  accessControl:
    defaultAction: deny
    trustDomain: {{ $dapr.accessControl.trustDomain | quote }}
    policies:
      {{- include "customer-insights-lib.accessPolicies" . | trim | nindent 6 }}
  {{- if $dapr.tracing.otlpEndpoint }}
  tracing:
    samplingRate: {{ $dapr.tracing.samplingRate | quote }}
    otel:
      endpointAddress: {{ $dapr.tracing.otlpEndpoint | quote }}
      isSecure: {{ $dapr.tracing.isSecure }}
      protocol: {{ $dapr.tracing.protocol }}
  {{- end }}
  metrics:
    enabled: true
    http:
      increasedCardinality: false
  secrets:
    scopes:
      - storeName: kubernetes
        defaultAccess: deny
{{- end -}}

{{- define "customer-insights-lib.accessPolicies" -}}
{{- $some := false -}}
{{- range $caller, $it := .components }}
{{- if hasKey $it.topology.calls $.id }}
{{- $some = true }}
- appId: {{ $caller }}
  namespace: {{ $.root.Release.Namespace | quote }}
  trustDomain: {{ $.root.Values.dapr.accessControl.trustDomain | quote }}
  defaultAction: deny
  operations:
    {{- range $service := get $it.topology.calls $.id }}
    - name: /{{ $service }}/*
      action: allow
    {{- end }}
{{- end }}
{{- end }}
{{- if not $some }}[]{{ end -}}
{{- end -}}
