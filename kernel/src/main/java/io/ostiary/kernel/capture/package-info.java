/// Evidence: packets copied by the kernel with the verdict each of them got, written as pcap-ng and
/// taken apart field by field.
@org.jspecify.annotations.NullMarked
package io.ostiary.kernel.capture;
