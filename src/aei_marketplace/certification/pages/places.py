"""Where the pages of certification are."""

CERTIFICATION = "/marketplace/certification"
REQUEST = CERTIFICATION + "/requests/{request_id}"
POLICIES = CERTIFICATION + "/policies"
WAIVERS = CERTIFICATION + "/waivers"
