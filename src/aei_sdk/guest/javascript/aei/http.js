// Requests to the hosts that were granted. Needs the permission `network`.

import { fetch as send } from "aei:plugin/http@0.1.0";
import { ask } from "./ask.js";

class Response {
  constructor({ status, headers = {}, body = "", url }) {
    this.status = status;
    this.headers = Object.fromEntries(Object.entries(headers).map(([k, v]) => [k.toLowerCase(), v]));
    this.body = body;
    this.url = url;
  }

  get ok() {
    return this.status >= 200 && this.status < 300;
  }

  json() {
    return JSON.parse(this.body);
  }
}

export function fetch(url, { method = "GET", headers = {}, body } = {}) {
  const request = { method, url: String(url), headers };
  if (body !== undefined) request.body = body;
  return new Response({ url: request.url, ...JSON.parse(ask(send, JSON.stringify(request))) });
}
