// The gateway that many teams start with: one circuit breaker for each back end, axios to call it,
// Promise.all to compose. Its back ends speak JSON already, so that it transcodes nothing.
//
//   node gateway.js PORT BACKEND-URL
'use strict';

const http = require('node:http');
const axios = require('axios');
const CircuitBreaker = require('opossum');
const express = require('express');

const [port, backend] = process.argv.slice(2);
const client = axios.create({
  baseURL: backend,
  timeout: 3000,
  httpAgent: new http.Agent({keepAlive: true}),
});

const breakers = new Map();
function breakerOf(service) {
  if (!breakers.has(service)) {
    breakers.set(
      service,
      new CircuitBreaker((path) => client.get(path), {
        timeout: 3000,
        errorThresholdPercentage: 50,
        resetTimeout: 30000,
      }),
    );
  }
  return breakers.get(service);
}

async function call(service, path) {
  const response = await breakerOf(service).fire(path);
  return response.data;
}

const app = express();

app.get('/orders/:id', async (request, response) => {
  response.json(await call('orders', `/orders/${encodeURIComponent(request.params.id)}`));
});

app.get('/four/:id', async (request, response) => {
  const path = `/orders/${encodeURIComponent(request.params.id)}`;
  const [first, second, third, fourth] = await Promise.all(
    ['first', 'second', 'third', 'fourth'].map((service) => call(service, path)),
  );
  response.json({first, second, third, fourth});
});

app.use((error, request, response, next) => {
  if (response.headersSent) return next(error);
  response.status(502).json({error: error.message});
});

app.listen(Number(port), '127.0.0.1');
