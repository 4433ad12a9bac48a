{{/* By the processor time of the process alone: the sidecar's, which idles, would thin it out. Takes root, id, it. */}}
{{- define "customer-insights-lib.horizontalPodAutoscaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "customer-insights-lib.name" . }}
  labels:
    {{- include "customer-insights-lib.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "customer-insights-lib.name" . }}
  minReplicas: {{ .it.autoscaling.minReplicas | int }}
  maxReplicas: {{ .it.autoscaling.maxReplicas | int }}
  metrics:
    - type: ContainerResource
      containerResource:
        name: cpu
        container: {{ .id }}
        target:
          type: Utilization
          averageUtilization: {{ .it.autoscaling.cpuPercent | int }}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 300
{{- end -}}

{{/*
By the depth of the queues of a component's topics. Never to zero: due work also comes from the database. Takes root, id, it.
*/}}
{{- define "customer-insights-lib.scaledObject" -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ include "customer-insights-lib.name" . }}
  labels:
    {{- include "customer-insights-lib.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "customer-insights-lib.name" . }}
  pollingInterval: {{ .it.autoscaling.pollingSeconds | int }}
  cooldownPeriod: 300
  minReplicaCount: {{ .it.autoscaling.minReplicas | int }}
  maxReplicaCount: {{ .it.autoscaling.maxReplicas | int }}
  fallback:
    failureThreshold: 5
    replicas: {{ .it.autoscaling.minReplicas | int }}
  triggers:
    {{- range $name, $topic := .it.topology.subscribes }}
    - type: rabbitmq
      name: {{ $name }}
      metadata:
        protocol: {{ $.root.Values.keda.protocol }}
        queueName: {{ printf "%s-%s" $.id $topic | quote }}
        mode: QueueLength
        value: {{ $.it.autoscaling.queueLength | quote }}
      authenticationRef:
        name: {{ include "customer-insights-lib.fullname" $.root }}-queues
    {{- end }}
{{- end -}}

{{/* How KEDA reaches the broker. Takes root. */}}
{{- define "customer-insights-lib.triggerAuthentication" -}}
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata:
  name: {{ include "customer-insights-lib.fullname" .root }}-queues
  labels:
    {{- include "customer-insights-lib.labels" (dict "root" .root "id" "queues") | nindent 4 }}
spec:
  secretTargetRef:
    - parameter: host
      name: {{ default .root.Values.events.existingSecret .root.Values.keda.existingSecret }}
      key: {{ default .root.Values.events.key .root.Values.keda.key }}
{{- end -}}
