"""The operator's day on one machine: the image, the proxy, a real Prometheus, a rolling restart. `make rehearse`."""
