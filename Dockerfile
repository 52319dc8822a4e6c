# The page, the API and the worker with what several hosts need; the model is another service (docker-compose.yml, deploy/).
# Not built where this was written: there is no Docker. Its size, computed: 1.2 GB for the environment (du, and the sizes of the extras), and
# below it the slim Python, some 0.13 GB.
FROM python:3.11-slim-bookworm AS built
WORKDIR /src
RUN python -m venv /opt/persona
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# What others made changes less often than what is ours, so it is a layer of its own.
COPY pyproject.toml ./
RUN python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; print(*p['dependencies'], *(one for extra in ('server', 'hosts', 'api', 'telemetry') for one in p['optional-dependencies'][extra]), sep='\n')" > needed.txt \
 && /opt/persona/bin/pip install -r needed.txt
COPY README.md LICENSE streamlit_app.py ./
COPY .streamlit .streamlit
COPY app app
COPY evals evals
COPY graph graph
COPY memory memory
COPY training training
RUN /opt/persona/bin/pip install --no-deps .

FROM python:3.11-slim-bookworm
# The embedded llama.cpp is linked against OpenMP's library, which its wheel does not bring.
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 persona && mkdir /data && chown persona /data
COPY --from=built /opt/persona /opt/persona
WORKDIR /app
COPY streamlit_app.py langgraph.json ./
COPY .streamlit .streamlit
USER persona
ENV PATH=/opt/persona/bin:$PATH PERSONA_DATA_DIR=/data/persona PERSONA_CACHE_DIR=/data/models
# In a container, this machine alone would be the container; what is published is said outside.
ENV STREAMLIT_SERVER_ADDRESS=0.0.0.0
# The text embedder is fetched once, into the volume of the host.
ENTRYPOINT ["sh", "-c", "persona models pull all-minilm-l6-v2 && exec \"$@\"", "--"]
CMD ["persona", "page", "--headless"]
