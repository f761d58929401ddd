# syntax=docker/dockerfile:1
FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
# The manifest names them, so they must be there; they are not built.
COPY benches benches
# Dependencies first, so that a change of vigie's own code does not build them again.
RUN mkdir src && echo 'fn main() {}' > src/main.rs && echo '' > src/lib.rs \
    && mkdir -p tests/it && echo '' > tests/it/main.rs \
    && cargo build --release --locked && rm -rf src target/release/.fingerprint/vigie-*
COPY src src
RUN cargo build --release --locked && mkdir /data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /build/target/release/vigie /usr/local/bin/vigie
COPY --chown=65532:65532 --from=build /data /data
COPY config /etc/vigie
ENV VIGIE_CONFIG=/etc/vigie/vigie.toml VIGIE_STORE=/data VIGIE_LOG_FORMAT=json
# glibc would keep memory in 8 arenas a core, and more of what was freed the more was; see docs/performance.md.
ENV MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=131072 MALLOC_MMAP_THRESHOLD_=131072
VOLUME /data
USER 65532:65532
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["/usr/local/bin/vigie", "health"]
ENTRYPOINT ["/usr/local/bin/vigie"]
CMD ["run"]
