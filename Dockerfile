# Gesso in a container, as Scripts/package makes it for Debian:
#
#   docker build -t gesso .
#   docker run --rm -v "$PWD:/pictures" gesso img2img photo.jpg --preset watercolor -o painted.png
FROM swift:6.3-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends dpkg-dev git && rm -rf /var/lib/apt/lists/*
WORKDIR /gesso
COPY . .
RUN Scripts/package /package

FROM debian:bookworm-slim
COPY --from=build /package/*.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates /tmp/*.deb \
    && rm -rf /var/lib/apt/lists/* /tmp/*.deb
# Models that are mounted or downloaded stay outside of the image.
ENV HF_HOME=/models
VOLUME /models
WORKDIR /pictures
ENTRYPOINT ["gesso"]
CMD ["--help"]
