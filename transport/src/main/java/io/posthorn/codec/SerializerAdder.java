package io.posthorn.codec;

import com.esotericsoftware.kryo.Serializer;

/** Where the parts of the standard classes put their serializers. */
interface SerializerAdder {
  void add(int id, Class<?> type, Serializer<?> serializer);
}
