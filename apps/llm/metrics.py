"""What is counted of models and their providers."""

from apps.core.metrics import counter, histogram

REQUESTS = counter("model_requests", "Requests to providers, by what became of them.", "model", "outcome")
FIRST_TOKEN = histogram("model_first_token_seconds", "From a request to a provider to its first token.", "model")
RETRIES = counter("model_retries", "Requests made again, because the first had failed.", "model")
FALLBACKS = counter("model_fallbacks", "Answers a model took over from one that had failed.", "model")
CIRCUITS = counter("model_circuits_opened", "How often a failing model was given a rest.", "model")
CLASSIFIED = counter(
    "moderation_model_requests", "Requests to the moderation model, by what became of them.", "model", "outcome"
)
CLASSIFIED_CHARACTERS = counter("moderation_model_characters", "Characters the moderation model was given.", "model")
CLASSIFYING = histogram("moderation_model_seconds", "From a request to the moderation model to its answer.", "model")
