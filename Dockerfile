# The page and the command line; the model is another service (docker-compose.yml).
FROM python:3.11-slim-bookworm
RUN useradd --create-home --uid 1000 persona && mkdir /data /models && chown persona /data /models
WORKDIR /app
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY evals evals
COPY graph graph
COPY memory memory
COPY training training
COPY streamlit_app.py langgraph.json ./
COPY .streamlit .streamlit
RUN pip install --no-cache-dir '.[server]'
USER persona
ENV PERSONA_DATA_DIR=/data PERSONA_CACHE_DIR=/models
# The text embedder is fetched once, into the volume of models.
ENTRYPOINT ["sh", "-c", "persona models pull all-minilm-l6-v2 && exec \"$@\"", "--"]
CMD ["streamlit", "run", "streamlit_app.py", "--server.address=0.0.0.0", "--server.headless=true"]
