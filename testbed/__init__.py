"""Real parts for tests and the demo: Kubernetes clusters, object storage, images, peers."""
