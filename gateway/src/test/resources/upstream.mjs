// An upstream that is not ours: Node's HTTP/2 (nghttp2) and HTTP/1.1 (llhttp), in plain text or over TLS.
//   node upstream.mjs h2c|h2|auto|https [key cert [ca]]
// Prints its port. With `ca` clients must prove who they are.
import http2 from 'node:http2'
import https from 'node:https'
import fs from 'node:fs'

const [kind, key, cert, ca] = process.argv.slice(2)
const tls = key && { key: fs.readFileSync(key), cert: fs.readFileSync(cert) }
if (ca) Object.assign(tls, { ca: fs.readFileSync(ca), requestCert: true, rejectUnauthorized: true })

function answer(request, response) {
  const path = request.url
  response.on('error', () => {})
  if (path.startsWith('/hello')) {
    response.setHeader('x-version', request.httpVersion)
    response.setHeader('x-authority', request.headers[':authority'] ?? request.headers.host)
    response.setHeader('x-te', request.headers.te ?? '')
    response.setHeader('x-client', request.socket.getPeerCertificate?.()?.subject?.CN ?? '')
    response.setHeader('x-resumed', String(request.socket.isSessionReused?.() ?? false))
    response.setHeader('x-server-name', request.socket.servername || '')
    response.end('hello ' + path)
  } else if (path === '/echo') {
    request.pipe(response, { end: false })
    request.on('end', () => {
      response.addTrailers({ 'x-end': 'yes', 'x-sent': request.trailers['x-sum'] ?? 'none' })
      response.end()
    })
  } else if (path === '/hints') {
    response.stream.additionalHeaders({ ':status': 103, link: '</a.css>; rel=preload' })
    response.end('hinted')
  } else if (path.startsWith('/bytes/')) {
    let left = Number(path.slice(7))
    const block = Buffer.alloc(65536, 'x')
    const more = () => {
      while (left > 0) {
        const size = Math.min(left, block.length)
        left -= size
        if (!response.write(size === block.length ? block : block.subarray(0, size))) {
          response.once('drain', more)
          return
        }
      }
      response.end()
    }
    more()
  } else if (path === '/reset') {
    response.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR)
  } else if (path === '/refuse') {
    response.stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)
  } else if (path === '/goaway') {
    request.stream.session.goaway()
    response.end('bye')
  } else if (path === '/sessions') {
    response.end(String(sessions))
  } else {
    if (path === '/close') response.setHeader('connection', 'close')
    response.statusCode = 204
    response.end()
  }
}

let sessions = 0
const options = { ...tls, settings: { maxConcurrentStreams: 5 } }
const server =
  kind === 'h2c' ? http2.createServer(options, answer)
    : kind === 'https' ? https.createServer(tls, answer)
      : http2.createSecureServer({ ...options, allowHTTP1: kind === 'auto' }, answer)
server.on('session', () => { sessions++ })
server.on('stream', (stream) => stream.on('error', () => {}))
server.on('sessionError', () => {})
server.on('tlsClientError', () => {})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
