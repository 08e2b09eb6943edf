"""What stands around every request: hosts, proxies, limits, other sites, headers, signatures and seals."""
