"""How many examples a law is tried on here: enough to object, few enough to run at every save."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "floors", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("floors")
