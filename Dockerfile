# Builds the bot and leaves nothing but it in the image. Data and the master key live in /data,
# the configuration in /etc/underrose/config.toml.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# The linker packs the table of addresses that each start reads, which has 2.4 MB otherwise. It needs
# a C library of 2.36, which Debian's bookworm has, so it is asked for here and not everywhere.
RUN cargo rustc --release --locked --package underrose --bin underrose -- -C link-arg=-Wl,-z,pack-relative-relocs

FROM debian:bookworm-slim
# What the networks' certificates are checked against; the slim image has none.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --user-group --home-dir /data --create-home --shell /usr/sbin/nologin underrose && chmod 700 /data
COPY --from=build /src/target/release/underrose /usr/local/bin/underrose
USER underrose
WORKDIR /data
VOLUME /data
ENV UNDERROSE_CONFIG=/etc/underrose/config.toml
STOPSIGNAL SIGTERM
ENTRYPOINT ["underrose"]
CMD ["run"]
