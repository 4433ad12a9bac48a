{{/* Without an address of its own: callers see every replica and balance between them. Takes root, id, it. */}}
{{- define "customer-insights-lib.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "customer-insights-lib.name" . }}
  labels:
    {{- include "customer-insights-lib.labels" . | nindent 4 }}
  {{- with include "customer-insights-lib.first" . }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  type: ClusterIP
  clusterIP: None
  selector:
    {{- include "customer-insights-lib.selector" . | nindent 4 }}
  ports:
    - { name: grpc, port: {{ include "customer-insights-lib.grpcPort" . }}, targetPort: grpc, protocol: TCP, appProtocol: {{ ternary "kubernetes.io/h2c" "https" (eq .root.Values.tls.existingSecret "") }} }
    - { name: http, port: {{ include "customer-insights-lib.httpPort" . }}, targetPort: http, protocol: TCP, appProtocol: {{ ternary "http" "https" (eq .root.Values.tls.existingSecret "") }} }
{{- end -}}

{{/* Takes root, id, it. */}}
{{- define "customer-insights-lib.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "customer-insights-lib.serviceAccountName" . }}
  labels:
    {{- include "customer-insights-lib.labels" . | nindent 4 }}
  {{- with include "customer-insights-lib.serviceAccountAnnotations" . }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end -}}

{{- define "customer-insights-lib.serviceAccountAnnotations" -}}
{{- with .it.serviceAccount.annotations -}}
{{ toYaml . }}
{{ end -}}
{{- include "customer-insights-lib.first" . -}}
{{- end -}}

{{/* "maxUnavailable" rather than "minAvailable", which can stop a drain for ever. Takes root, id, it. */}}
{{- define "customer-insights-lib.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "customer-insights-lib.name" . }}
  labels:
    {{- include "customer-insights-lib.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ .it.podDisruptionBudget.maxUnavailable | int }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "customer-insights-lib.selector" . | nindent 6 }}
{{- end -}}
