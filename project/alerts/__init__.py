"""Alerts for installations without a Prometheus: Celery beat looks at the metrics, and mail and a webhook tell.
`observability/prometheus/rules.yml` has the same rules for who has one."""
