{{/*
The roles that the values choose, as YAML: the suffix of each one's name, the labels that
say what it is for, and its rules in files/permissions.yaml, split into those that are
needed in the whole cluster (cluster) and the others (namespaced).
*/}}
{{- define "meshingress.roles" -}}
{{- $permissions := .Files.Get "files/permissions.yaml" | fromYaml -}}
{{- $roles := list (dict "suffix" "base" "labels" dict "rules" $permissions.base) -}}
{{- range .Values.vendors -}}
{{- $name := printf "vendor-%s" (lower .) -}}
{{- $rules := get $permissions.vendors . -}}
{{- $labels := dict "networking.meshingress.dev/vendor" . -}}
{{- $roles = append $roles (dict "suffix" $name "labels" $labels "rules" $rules) -}}
{{- if has . $.Values.optIns -}}
{{- $roles = append $roles (dict "suffix" (printf "%s-optin" $name) "labels" $labels "rules" $rules.optIn) -}}
{{- end -}}
{{- end -}}
{{- range .Values.optIns -}}
{{- if not (has . $.Values.vendors) -}}
{{- fail (printf "optIns names %s, which vendors does not" .) -}}
{{- end -}}
{{- end -}}
{{- if .Values.authorization.enabled -}}
{{- $roles = append $roles (dict "suffix" "authorization" "labels" dict "rules" $permissions.authorization) -}}
{{- end -}}
{{- toYaml $roles -}}
{{- end }}
