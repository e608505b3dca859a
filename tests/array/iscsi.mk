# SPDX-License-Identifier: Apache-2.0
# The iSCSI transport against xmover-array, over TCP.
ISCSI_ARRAY = tests/array/test-iscsi-session tests/array/test-iscsi-io tests/array/test-iscsi-loss \
	tests/array/test-iscsi-fence tests/array/test-iscsi-wire tests/array/test-iscsi-hostile \
	tests/array/test-iscsi-tgtd
check_PROGRAMS += $(ISCSI_ARRAY)
ARRAY_TESTS += $(ISCSI_ARRAY)
ISCSI_RIG = tests/array/iscsi-cuts.c tests/array/iscsi-cuts.h tests/array/iscsi-pair.c tests/array/iscsi-pair.h tests/array/iscsi-rig.c \
	tests/array/iscsi-rig.h tests/array/tcp-proxy.c tests/array/tcp-proxy.h
RELAY_RIG = tests/array/pdu-relay.c tests/array/pdu-relay.h tests/array/relay-world.h
ISCSI_ARRAY_CPPFLAGS = $(SCSI_CPPFLAGS) -iquote $(srcdir)/tests/array $(CMOCKA_CFLAGS)
ISCSI_ARRAY_LDADD = libscsi.la libengine.la $(CMOCKA_LIBS) -lpthread

tests_array_test_iscsi_session_SOURCES = tests/array/test-iscsi-session.c $(ISCSI_RIG)
tests_array_test_iscsi_session_CPPFLAGS = $(ISCSI_ARRAY_CPPFLAGS)
tests_array_test_iscsi_session_LDADD = $(ISCSI_ARRAY_LDADD)
tests_array_test_iscsi_io_SOURCES = tests/array/test-iscsi-io.c $(ISCSI_RIG)
tests_array_test_iscsi_io_CPPFLAGS = $(ISCSI_ARRAY_CPPFLAGS)
tests_array_test_iscsi_io_LDADD = $(ISCSI_ARRAY_LDADD)
tests_array_test_iscsi_loss_SOURCES = tests/array/test-iscsi-loss.c $(ISCSI_RIG)
tests_array_test_iscsi_loss_CPPFLAGS = $(ISCSI_ARRAY_CPPFLAGS)
tests_array_test_iscsi_loss_LDADD = $(ISCSI_ARRAY_LDADD)
tests_array_test_iscsi_fence_SOURCES = tests/array/test-iscsi-fence.c $(ISCSI_RIG)
tests_array_test_iscsi_fence_CPPFLAGS = $(ISCSI_ARRAY_CPPFLAGS)
tests_array_test_iscsi_fence_LDADD = $(ISCSI_ARRAY_LDADD)
tests_array_test_iscsi_wire_SOURCES = tests/array/test-iscsi-wire.c $(ISCSI_RIG) $(RELAY_RIG)
tests_array_test_iscsi_wire_CPPFLAGS = $(ISCSI_ARRAY_CPPFLAGS)
tests_array_test_iscsi_wire_LDADD = $(ISCSI_ARRAY_LDADD)
tests_array_test_iscsi_hostile_SOURCES = tests/array/test-iscsi-hostile.c $(ISCSI_RIG) $(RELAY_RIG)
tests_array_test_iscsi_hostile_CPPFLAGS = $(ISCSI_ARRAY_CPPFLAGS)
tests_array_test_iscsi_hostile_LDADD = $(ISCSI_ARRAY_LDADD)
tests_array_test_iscsi_tgtd_SOURCES = tests/array/test-iscsi-tgtd.c $(ISCSI_RIG)
tests_array_test_iscsi_tgtd_CPPFLAGS = $(ISCSI_ARRAY_CPPFLAGS)
tests_array_test_iscsi_tgtd_LDADD = $(ISCSI_ARRAY_LDADD)
