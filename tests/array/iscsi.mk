# SPDX-License-Identifier: Apache-2.0
# The iSCSI transport against xmover-array, over TCP.
ISCSI_ARRAY = tests/array/test-iscsi-session tests/array/test-iscsi-loss \
	tests/array/test-iscsi-wire
check_PROGRAMS += $(ISCSI_ARRAY)
ARRAY_TESTS += $(ISCSI_ARRAY)
ISCSI_RIG = tests/array/iscsi-rig.c tests/array/iscsi-rig.h
ISCSI_ARRAY_CPPFLAGS = $(SCSI_CPPFLAGS) -iquote $(srcdir)/tests/array $(CMOCKA_CFLAGS)
ISCSI_ARRAY_LDADD = libscsi.la libengine.la $(CMOCKA_LIBS) -lpthread

tests_array_test_iscsi_session_SOURCES = tests/array/test-iscsi-session.c $(ISCSI_RIG)
tests_array_test_iscsi_session_CPPFLAGS = $(ISCSI_ARRAY_CPPFLAGS)
tests_array_test_iscsi_session_LDADD = $(ISCSI_ARRAY_LDADD)
tests_array_test_iscsi_loss_SOURCES = tests/array/test-iscsi-loss.c $(ISCSI_RIG)
tests_array_test_iscsi_loss_CPPFLAGS = $(ISCSI_ARRAY_CPPFLAGS)
tests_array_test_iscsi_loss_LDADD = $(ISCSI_ARRAY_LDADD)
tests_array_test_iscsi_wire_SOURCES = tests/array/test-iscsi-wire.c tests/array/pdu-relay.c \
	tests/array/pdu-relay.h $(ISCSI_RIG)
tests_array_test_iscsi_wire_CPPFLAGS = $(ISCSI_ARRAY_CPPFLAGS)
tests_array_test_iscsi_wire_LDADD = $(ISCSI_ARRAY_LDADD)
