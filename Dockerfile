# Kluis as an image: `docker build -t kluis .`
#
# The base is named by tag, so that a rebuild takes in its security updates. To pin it as well,
# write python:3.13-slim@sha256:…, with the digest that `docker buildx imagetools inspect
# python:3.13-slim` names, and let a bot renew it. What Kluis itself needs is pinned by hash.
FROM python:3.13-slim AS builder
WORKDIR /opt/kluis
COPY requirements.lock ./
RUN python -m venv .venv \
    && .venv/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY service service
COPY migrations migrations
RUN .venv/bin/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . \
    && .venv/bin/python -m compileall -q service migrations
RUN install -d -m 700 /data /keyring

# Nothing below runs as root, and nothing but /data, /keyring and /tmp is ever written.
FROM python:3.13-slim
WORKDIR /opt/kluis
COPY --from=builder /opt/kluis .
COPY --from=builder --chown=10001:10001 /data /data
COPY --from=builder --chown=10001:10001 /keyring /keyring
ENV PATH=/opt/kluis/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    KLUIS_HOST=0.0.0.0 \
    KLUIS_PORT=8000 \
    KLUIS_DATABASE_URL=sqlite:////data/kluis.db \
    KLUIS_KEYRING_FILE=/keyring/keyring.json
USER 10001:10001
VOLUME ["/data", "/keyring"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as web; web.build_opener(web.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['KLUIS_PORT'] + '/readyz', timeout=5)"]
ENTRYPOINT ["kluis"]
CMD ["serve"]
