# Tradepost in a container: `serve` by default, `worker` where runs are shared; see docs/how-to/run-the-hub.md.

FROM python:3.13.7-slim-bookworm AS build
RUN pip install --no-cache-dir uv==0.13.9
ENV UV_PROJECT_ENVIRONMENT=/opt/tradepost UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /build
COPY pyproject.toml uv.lock ./
COPY packages packages
RUN uv sync --locked --no-dev --no-editable --package tradepost --extra postgres --extra sftp

FROM python:3.13.7-slim-bookworm
# A number of its own, for whoever has to give a folder of the host to it.
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin tradepost \
    && install --directory --owner tradepost --mode 0700 /data
COPY --from=build /opt/tradepost /opt/tradepost
ENV PATH=/opt/tradepost/bin:$PATH TRADEPOST_DATA=/data TRADEPOST_LOG=stderr PYTHONUNBUFFERED=1
USER 10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=8)"]
ENTRYPOINT ["tradepost"]
CMD ["serve", "--host", "0.0.0.0"]
