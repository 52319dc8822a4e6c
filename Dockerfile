# The page and the command line with PostgreSQL's driver; the model is another service (docker-compose.yml).
# Not built where this was written: there is no Docker. Its size, computed: 1.14 GB for the environment (du, as pip makes it below), and
# below it the slim Python, some 0.13 GB.
FROM python:3.11-slim-bookworm AS built
WORKDIR /src
RUN python -m venv /opt/persona
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# What others made changes less often than what is ours, so it is a layer of its own.
COPY pyproject.toml ./
RUN python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; print(*p['dependencies'], *p['optional-dependencies']['server'], sep='\n')" > needed.txt \
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
 && useradd --create-home --uid 1000 persona && mkdir /data /models && chown persona /data /models
COPY --from=built /opt/persona /opt/persona
WORKDIR /app
COPY streamlit_app.py langgraph.json ./
COPY .streamlit .streamlit
USER persona
ENV PATH=/opt/persona/bin:$PATH PERSONA_DATA_DIR=/data PERSONA_CACHE_DIR=/models
# The text embedder is fetched once, into the volume of models.
ENTRYPOINT ["sh", "-c", "persona models pull all-minilm-l6-v2 && exec \"$@\"", "--"]
CMD ["streamlit", "run", "streamlit_app.py", "--server.address=0.0.0.0", "--server.headless=true"]
