import type { RequestHandler } from 'express';

/**
 * Removes `;jsessionid=…` from the path of a request. Clients that store no cookies send the value of the load balancer's cookie
 * there. `originalUrl` keeps it.
 */
export const withoutPathParameter: RequestHandler = (request, _response, next) => {
  const { url } = request;
  // The query may contain the same text.
  if (PATH_PARAMETER.test(url)) request.url = url.replace(PATH_PARAMETER, '$1');
  next();
};

const PATH_PARAMETER = /^([^?;]*);jsessionid=[^?/;]*/i;
