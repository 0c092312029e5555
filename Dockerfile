# mcpkc as an image: docker build -t mcpkc . && docker run --rm --read-only mcpkc --help
# Its configuration comes from the environment, from files mounted at /work, or from secrets (KC_CLIENT_SECRET_FILE).

FROM node:24-alpine AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY examples/mcp-host/package.json examples/mcp-host/
# Without scripts: nothing that is downloaded runs but the bundler below.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsdown.config.ts third-party.ts software-bill.ts ./
COPY src src
RUN node node_modules/tsdown/dist/run.mjs --logLevel warn

FROM node:24-alpine
ENV NODE_ENV=production NODE_DISABLE_COMPILE_CACHE=1
COPY --from=build /src/package.json /opt/mcpkc/
COPY --from=build /src/dist /opt/mcpkc/dist
COPY bin /opt/mcpkc/bin
COPY LICENSE CHANGELOG.md config.sample.json /opt/mcpkc/
# The user `node` of the base image, by number: Kubernetes' runAsNonRoot takes no name.
USER 1000:1000
WORKDIR /work
ENTRYPOINT ["node", "/opt/mcpkc/bin/mcpkc.js"]
CMD ["--help"]
