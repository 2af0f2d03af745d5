// An upstream that is not ours: Node's HTTP/2 (nghttp2) and HTTP/1.1 (llhttp), in plain text or over TLS.
//   node upstream.mjs h2c|h2|auto|https|connect [key cert [ca]]
// Prints its port. With `ca` clients must prove who they are. `connect` takes tunnels (RFC 8441), in plain text or,
// with `key`, over TLS.
import http2 from 'node:http2'
import https from 'node:https'
import fs from 'node:fs'

const [kind, key, cert, ca] = process.argv.slice(2)
const tls = key && { key: fs.readFileSync(key), cert: fs.readFileSync(cert) }
if (ca) Object.assign(tls, { ca: fs.readFileSync(ca), requestCert: true, rejectUnauthorized: true })

function answer(request, response) {
  const path = request.url
  response.on('error', () => {})
  if (request.headers['ostiary-mirror']) {
    let body = ''
    request.on('data', (piece) => { body += piece })
    request.on('end', () => mirrored.push(request.httpVersion + ' ' + request.method + ' ' + path + ' ' + body))
  }
  if (path === '/mirrored') {
    response.end(mirrored.join('\n'))
    return
  }
  if (path.startsWith('/hello')) {
    response.setHeader('x-version', request.httpVersion)
    response.setHeader('x-connection', request.socket.remotePort)
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
  } else if (path === '/grpc.health.v1.Health/Check') {
    // SERVING, to whoever says that it came over TLS.
    response.setHeader('content-type', 'application/grpc')
    response.addTrailers({ 'grpc-status': '0' })
    response.end(Buffer.from(request.headers[':scheme'] === 'https' ? '00000000020801' : '00000000020802', 'hex'))
  } else if (path === '/reset') {
    response.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR)
  } else if (path === '/refuse') {
    response.stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)
  } else if (path === '/goaway') {
    request.stream.session.goaway()
    response.end('bye')
  } else if (path === '/until-the-end' || path === '/begun') {
    // Content that ends with the connection, or that somebody cuts.
    request.socket.write('HTTP/1.1 200 OK\r\n\r\nsome content')
    if (path === '/until-the-end') setTimeout(() => request.socket.end(), 50)
  } else if (path === '/said-and-open') {
    // Ends its side and waits for the other.
    request.socket.allowHalfOpen = true
    request.socket.end('HTTP/1.1 200 OK\r\n\r\nsome content')
  } else if (path === '/sessions') {
    response.end(String(sessions))
  } else {
    if (path === '/close') response.setHeader('connection', 'close')
    response.statusCode = 204
    response.end()
  }
}

// Frames of WebSocket (RFC 6455), each sent back as it is unmasked.
function frames(stream) {
  let had = Buffer.alloc(0)
  stream.on('data', (piece) => {
    had = Buffer.concat([had, piece])
    while (had.length >= 2) {
      let size = had[1] & 127
      let at = 2
      if (size === 126) { if (had.length < 4) return; size = had.readUInt16BE(2); at = 4 }
      else if (size === 127) { if (had.length < 10) return; size = Number(had.readBigUInt64BE(2)); at = 10 }
      if (had.length < at + 4 + size) return
      const mask = had.subarray(at, at + 4)
      const head = Buffer.from(had.subarray(0, at))
      head[1] &= 127
      const body = Buffer.from(had.subarray(at + 4, at + 4 + size))
      for (let i = 0; i < size; i++) body[i] ^= mask[i & 3]
      stream.write(Buffer.concat([head, body]))
      if ((head[0] & 15) === 8) stream.end()
      had = had.subarray(at + 4 + size)
    }
  })
}

function tunnel(stream, headers) {
  const path = headers[':path']
  const asked = { 'x-method': headers[':method'], 'x-protocol': headers[':protocol'] ?? 'none' }
  if (headers[':method'] !== 'CONNECT' || path === '/refuse') {
    stream.respond({ ':status': path === '/refuse' ? 403 : 200, ...asked, 'x-key': headers['sec-websocket-key'] ?? '' })
    stream.end('no tunnel')
    return
  }
  stream.respond({ ':status': 200, ...asked, 'x-key': headers['sec-websocket-key'] ?? 'none' })
  if (path === '/frames') frames(stream)
  else if (path === '/reset') setTimeout(() => stream.destroy(new Error('on purpose')), 20)
  else if (path === '/first') { stream.end('bye'); stream.resume() }
  else stream.pipe(stream)
}

let sessions = 0
const mirrored = []
const connects = { ...tls, allowHTTP1: true, settings: { enableConnectProtocol: true } }
const options = { ...tls, settings: { maxConcurrentStreams: 5 } }
const server =
  kind === 'h2c' ? http2.createServer(options, answer)
    : kind === 'connect' ? (tls ? http2.createSecureServer(connects) : http2.createServer(connects))
    : kind === 'https' ? https.createServer(tls, answer)
      : http2.createSecureServer({ ...options, allowHTTP1: kind === 'auto' }, answer)
server.on('session', () => { sessions++ })
server.on('stream', (stream, headers) => {
  stream.on('error', () => {})
  if (kind === 'connect') tunnel(stream, headers)
})
server.on('sessionError', () => {})
server.on('tlsClientError', () => {})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
