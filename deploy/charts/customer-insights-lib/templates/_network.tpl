{{/* A rule: to some peers (empty: to anybody), by some ports. Takes peers, ports. */}}
{{- define "customer-insights-lib.egress" -}}
- ports:
    {{- range .ports }}
    - { port: {{ . | int }}, protocol: TCP }
    {{- end }}
  {{- with .peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Pods of this release. Takes root, id; without id all of them. */}}
{{- define "customer-insights-lib.pods" -}}
- podSelector:
    matchLabels:
      {{- if .id }}
      {{- include "customer-insights-lib.selector" . | nindent 6 }}
      {{- else }}
      app.kubernetes.io/name: customer-insights
      app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
      {{- end }}
{{- end -}}

{{/* What every pod needs: names and its database. Takes root. */}}
{{- define "customer-insights-lib.commonEgress" -}}
{{- $network := .root.Values.networkPolicy -}}
- ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
  to:
    {{- toYaml $network.dns.to | nindent 4 }}
{{ include "customer-insights-lib.egress" (dict "peers" $network.database.to "ports" $network.database.ports) }}
{{- end -}}

{{/* A collector is named to processes, to their sidecars, or to both. Takes the umbrella's context. */}}
{{- define "customer-insights-lib.usesCollector" -}}
{{- if or .Values.telemetry.otlpEndpoint (and (include "customer-insights-lib.usesDapr" .) .Values.dapr.tracing.otlpEndpoint) }}true{{ end -}}
{{- end -}}

{{/* What a process and its sidecar need besides: broker, issuers of tokens, collector, control plane, peers. Takes root, it. */}}
{{- define "customer-insights-lib.processEgress" -}}
{{- $network := .root.Values.networkPolicy -}}
{{ include "customer-insights-lib.egress" (dict "peers" $network.broker.to "ports" $network.broker.ports) }}
{{ include "customer-insights-lib.egress" (dict "peers" $network.issuers.to "ports" $network.issuers.ports) }}
{{- if include "customer-insights-lib.usesCollector" .root }}
{{ include "customer-insights-lib.egress" (dict "peers" $network.telemetry.to "ports" $network.telemetry.ports) }}
{{- end }}
{{- if include "customer-insights-lib.usesDapr" .root }}
{{ include "customer-insights-lib.egress" (dict "peers" $network.dapr.to "ports" $network.dapr.ports) }}
{{- if .root.Values.dapr.secretStore.enabled }}
{{ include "customer-insights-lib.egress" (dict "peers" $network.secretStore.to "ports" $network.secretStore.ports) }}
{{- end }}
- ports:
    - { port: 50002, protocol: TCP }
  to:
    {{- include "customer-insights-lib.pods" (dict "root" .root) | nindent 4 }}
{{- end }}
{{- if not (include "customer-insights-lib.callsThroughSidecar" .root) }}
{{- range $peer := .it.topology.calls | keys | sortAlpha }}
- ports:
    - { port: {{ include "customer-insights-lib.grpcPort" $ }}, protocol: TCP }
  to:
    {{- include "customer-insights-lib.pods" (dict "root" $.root "id" $peer) | nindent 4 }}
{{- end }}
{{- end }}
{{- if .it.topology.goesOutside }}
- ports:
    {{- range $network.outside.ports }}
    - { port: {{ . | int }}, protocol: TCP }
    {{- end }}
  to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except:
          {{- toYaml $network.outside.except | nindent 10 }}
{{- end }}
{{- end -}}

{{/* Who may call a process: those who do, by its code, and whom the values name. Takes root, id, it, components. */}}
{{- define "customer-insights-lib.ingress" -}}
{{- $network := .root.Values.networkPolicy -}}
{{- range $caller, $it := .components }}
{{- if and (hasKey $it.topology.calls $.id) (not (include "customer-insights-lib.callsThroughSidecar" $.root)) }}
- ports:
    - { port: {{ include "customer-insights-lib.grpcPort" $ }}, protocol: TCP }
  from:
    {{- include "customer-insights-lib.pods" (dict "root" $.root "id" $caller) | nindent 4 }}
{{- end }}
{{- end }}
{{- if and .it.topology.isPublic $network.clients.from }}
- ports:
    - { port: {{ include "customer-insights-lib.grpcPort" . }}, protocol: TCP }
    - { port: {{ include "customer-insights-lib.httpPort" . }}, protocol: TCP }
  from:
    {{- toYaml $network.clients.from | nindent 4 }}
{{- end }}
{{- if include "customer-insights-lib.usesDapr" .root }}
- ports:
    - { port: 50002, protocol: TCP }
  from:
    {{- include "customer-insights-lib.pods" (dict "root" .root) | nindent 4 }}
{{- if $network.metrics.from }}
- ports:
    - { port: 9090, protocol: TCP }
  from:
    {{- toYaml $network.metrics.from | nindent 4 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Takes root, id, it, components. */}}
{{- define "customer-insights-lib.networkPolicy" -}}
{{- $ingress := include "customer-insights-lib.ingress" . | trim -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "customer-insights-lib.name" . }}
  labels:
    {{- include "customer-insights-lib.labels" . | nindent 4 }}
  {{- with include "customer-insights-lib.first" . }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  podSelector:
    matchLabels:
      {{- include "customer-insights-lib.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- if $ingress }}
  ingress:
    {{- $ingress | nindent 4 }}
  {{- else }}
  ingress: []
  {{- end }}
  egress:
    {{- include "customer-insights-lib.commonEgress" . | nindent 4 }}
    {{- include "customer-insights-lib.processEgress" . | nindent 4 }}
{{- end -}}

{{/* Jobs of migrations and tests reach names and databases only. Takes root. */}}
{{- define "customer-insights-lib.migrationsNetworkPolicy" -}}
{{- $of := dict "root" .root "id" "migrations" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "customer-insights-lib.name" $of }}
  labels:
    {{- include "customer-insights-lib.labels" $of | nindent 4 }}
  {{- with include "customer-insights-lib.first" . }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  podSelector:
    matchLabels:
      {{- include "customer-insights-lib.selector" $of | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress: []
  egress:
    {{- include "customer-insights-lib.commonEgress" . | nindent 4 }}
{{- end -}}
