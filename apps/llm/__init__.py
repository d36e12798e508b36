"""The provider edge. What litellm reads on import is set here, before any module of ours can import it."""

import os

# Without it, litellm tries the network for its price list: up to 9 s where there is no route out.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ.setdefault("REPEATED_STREAMING_CHUNK_LIMIT", "5000")  # a table's rule is many equal chunks
