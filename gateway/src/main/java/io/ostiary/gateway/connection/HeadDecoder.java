package io.ostiary.gateway.connection;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.ostiary.gateway.wire.FieldList;

/// HPACK of one connection on the way in: Netty's decoder, that puts each field straight into a
/// [FieldList]. Every block must be decoded, whatever becomes of its stream, for it changes the
/// table. Confined to its event loop.
final class HeadDecoder {
  private final FieldList list = new FieldList();
  private final DefaultHttp2HeadersDecoder decoder =
      new DefaultHttp2HeadersDecoder(false, Integer.MAX_VALUE) {
        @Override
        protected Http2Headers newHeaders() {
          return list;
        }
      };

  /// Where the fields go; to be begun before a block is decoded, and finished after it.
  FieldList list() {
    return list;
  }

  /// False: the block is broken, and with it the table.
  boolean decode(ByteBuf block) {
    try {
      var ignored = decoder.decodeHeaders(1, block);
      return true;
    } catch (Http2Exception e) {
      return false;
    }
  }

  boolean decodeAside(ByteBuf block) {
    list.beginNothing();
    return decode(block);
  }
}
