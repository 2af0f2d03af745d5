// A gRPC service by hand, over Node's HTTP/2 in plain text. Prints its port.
import http2 from 'node:http2'

const frame = (text) => {
  const body = Buffer.from(text)
  const head = Buffer.alloc(5)
  head.writeUInt32BE(body.length, 1)
  return Buffer.concat([head, body])
}

const server = http2.createServer()
server.on('stream', (stream, headers) => {
  const pieces = []
  stream.on('error', () => {})
  stream.on('data', (piece) => pieces.push(piece))
  stream.on('end', () => {
    // Where the call was given up there is nobody to answer.
    if (stream.closed || stream.destroyed || stream.aborted) return
    const asked = Buffer.concat(pieces)
    const type = headers['content-type']
    const path = headers[':path']
    const head = { ':status': 200, 'content-type': type }
    if (path === '/s/Fail') {
      stream.respond({ ...head, 'grpc-status': 5, 'grpc-message': 'none%20here' }, { endStream: true })
    } else if (path === '/s/Html') {
      stream.respond({ ':status': 502, 'content-type': 'text/html' })
      stream.end('<p>proxy</p>')
    } else if (path === '/s/Silent') {
      stream.respond(head)
      stream.end(frame('half'))
    } else {
      stream.respond({ ...head, 'x-type': type, 'x-te': headers.te ?? '' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.closed || stream.sendTrailers({ 'grpc-status': 0, 'x-sum': String(asked.length) }))
      if (path === '/s/Echo') {
        stream.end(asked)
      } else {
        let left = 3
        const more = () => {
          stream.write(frame('event ' + left))
          left--
          if (left === 0) stream.end()
          else setTimeout(more, 100)
        }
        more()
      }
    }
  })
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
