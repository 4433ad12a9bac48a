{{/* The dead-letter topic of a subscription. Takes id, topic. */}}
{{- define "customer-insights-lib.deadLetterTopic" -}}
{{- printf "%s-%s_error" .id .topic -}}
{{- end -}}

{{/*
What each app may publish ("app=topic,topic;..."): its own topics, and the dead-letter topics of its subscriptions, into
which its own sidecar puts. Takes components.
*/}}
{{- define "customer-insights-lib.publishingScopes" -}}
{{- $scopes := list -}}
{{- range $id, $it := .components -}}
{{- $topics := $it.topology.publishes | default list -}}
{{- range $topic := $it.topology.subscribes }}{{ $topics = append $topics (include "customer-insights-lib.deadLetterTopic" (dict "id" $id "topic" $topic)) }}{{ end -}}
{{- $scopes = append $scopes (printf "%s=%s" $id (join "," $topics)) -}}
{{- end -}}
{{- join ";" $scopes -}}
{{- end -}}

{{/* Takes components. */}}
{{- define "customer-insights-lib.subscriptionScopes" -}}
{{- $scopes := list -}}
{{- range $id, $it := .components -}}
{{- $topics := list -}}
{{- range $topic := $it.topology.subscribes }}{{ $topics = concat $topics (list $topic (include "customer-insights-lib.deadLetterTopic" (dict "id" $id "topic" $topic))) }}{{ end -}}
{{- $scopes = append $scopes (printf "%s=%s" $id (join "," $topics)) -}}
{{- end -}}
{{- join ";" $scopes -}}
{{- end -}}

{{/* RabbitMQ with queues that outlive pods and brokers; the defaults of Dapr would lose events. Takes root, components. */}}
{{- define "customer-insights-lib.pubsub" -}}
{{- $dapr := .root.Values.dapr -}}
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: {{ $dapr.pubsub.name }}
  labels:
    {{- include "customer-insights-lib.labels" (dict "root" .root "id" "pubsub") | nindent 4 }}
  {{- with include "customer-insights-lib.first" . }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
auth:
  secretStore: kubernetes
scopes:
  {{- range $id, $it := .components }}
  - {{ $id }}
  {{- end }}
spec:
  type: pubsub.rabbitmq
  version: v1
  initTimeout: 30s
  metadata:
    - name: connectionString
      secretKeyRef:
        name: {{ .root.Values.events.existingSecret }}
        key: {{ .root.Values.events.key }}
    - { name: durable, value: "true" }
    - { name: deletedWhenUnused, value: "false" }
    - { name: deliveryMode, value: "2" }
    - { name: publisherConfirm, value: "true" }
    - { name: exchangeKind, value: fanout }
    - { name: requeueInFailure, value: "false" }
    - { name: prefetchCount, value: {{ $dapr.pubsub.prefetchCount | int | quote }} }
    - name: publishingScopes
      value: {{ include "customer-insights-lib.publishingScopes" . | quote }}
    - name: subscriptionScopes
      value: {{ include "customer-insights-lib.subscriptionScopes" . | quote }}
{{- end -}}

{{/* Takes root, components. */}}
{{- define "customer-insights-lib.secretStore" -}}
{{- $store := .root.Values.dapr.secretStore -}}
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: {{ $store.name }}
  labels:
    {{- include "customer-insights-lib.labels" (dict "root" .root "id" "secret-store") | nindent 4 }}
  {{- with include "customer-insights-lib.first" . }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
scopes:
  {{- range $id, $it := .components }}
  - {{ $id }}
  {{- end }}
spec:
  type: {{ $store.type }}
  version: {{ $store.version }}
  metadata:
    {{- toYaml $store.metadata | nindent 4 }}
{{- end -}}

{{/* A topic, and where its events go that nobody could handle. Takes root, id, name, topic. */}}
{{- define "customer-insights-lib.subscription" -}}
{{- $deadLetters := include "customer-insights-lib.deadLetterTopic" . -}}
{{ include "customer-insights-lib.oneSubscription" (dict "root" .root "id" .id "name" .name "topic" .topic "deadLetters" $deadLetters) }}
---
{{ include "customer-insights-lib.oneSubscription" (dict "root" .root "id" .id "name" (printf "%s-errors" .name) "topic" $deadLetters) }}
{{- end -}}

{{- define "customer-insights-lib.oneSubscription" -}}
apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata:
  name: {{ .id }}-{{ .name }}
  labels:
    {{- include "customer-insights-lib.labels" . | nindent 4 }}
  {{- with include "customer-insights-lib.first" . }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
scopes:
  - {{ .id }}
spec:
  pubsubname: {{ .root.Values.dapr.pubsub.name }}
  topic: {{ .topic | quote }}
  routes:
    default: /{{ .topic }}
  {{- with .deadLetters }}
  deadLetterTopic: {{ . | quote }}
  {{- end }}
  metadata:
    queueType: quorum
    {{- if not .deadLetters }}
    rawPayload: "true"
    {{- end }}
{{- end -}}

{{/*
How often the sidecar tries again. A delivery is held meanwhile, so all tries together stay below the broker's consumer
timeout of 30 minutes. Calls are tried again only when they did not arrive. Takes root, components.
*/}}
{{- define "customer-insights-lib.resiliency" -}}
{{- $tries := .root.Values.dapr.resiliency -}}
apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata:
  name: {{ include "customer-insights-lib.fullname" .root }}
  labels:
    {{- include "customer-insights-lib.labels" (dict "root" .root "id" "resiliency") | nindent 4 }}
  {{- with include "customer-insights-lib.first" . }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
scopes:
  {{- range $id, $it := .components }}
  - {{ $id }}
  {{- end }}
spec:
  policies:
    timeouts:
      delivery: {{ $tries.deliveryTimeoutSeconds | int }}s
    retries:
      deliveries:
        policy: exponential
        maxInterval: {{ $tries.maxIntervalSeconds | int }}s
        maxRetries: {{ $tries.deliveryRetries | int }}
        matching:
          gRPCStatusCodes: 1-11,13-16
      publishing:
        policy: constant
        duration: 1s
        maxRetries: {{ $tries.publishRetries | int }}
        matching:
          gRPCStatusCodes: "14"
          httpStatusCodes: 500-599
      calls:
        policy: constant
        duration: 1s
        maxRetries: {{ $tries.callRetries | int }}
        matching:
          gRPCStatusCodes: "14"
  targets:
    apps:
      {{- range $id, $it := .components }}
      {{ $id }}:
        retry: calls
      {{- end }}
    components:
      {{ .root.Values.dapr.pubsub.name }}:
        outbound:
          retry: publishing
        inbound:
          timeout: delivery
          retry: deliveries
{{- end -}}
