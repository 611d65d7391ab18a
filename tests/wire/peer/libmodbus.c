/* libmodbus as a peer: a server over TCP or on a serial port, and a client that asks as fast as it
 * can. Registers n (input and holding) say 1000 + n; bit n is set where n is a multiple of 3.
 *
 *   libmodbus tcp PORT              one thread, any unit, many connections
 *   libmodbus rtu PATH BAUD UNIT    one slave on a bus
 *   libmodbus ask PORT N SECONDS    N connections, one question in flight on each; prints reads
 *   libmodbus pace PORT N SECONDS   N connections, each asked 5 times a second; prints reads
 */
#include <errno.h>
#include <modbus.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REGISTERS = 1000, BITS = 1000, READ = 10, CONNECTIONS_MAX = 256 };

static modbus_mapping_t *mapping(void) {
    modbus_mapping_t *map = modbus_mapping_new(BITS, BITS, REGISTERS, REGISTERS);
    if (map == NULL) exit(3);
    for (int n = 0; n < REGISTERS; n++) map->tab_registers[n] = map->tab_input_registers[n] = 1000 + n;
    for (int n = 0; n < BITS; n++) map->tab_bits[n] = map->tab_input_bits[n] = n % 3 == 0;
    return map;
}

static int serve_tcp(int port) {
    modbus_mapping_t *map = mapping();
    modbus_t *modbus = modbus_new_tcp("127.0.0.1", port);
    int listener = modbus_tcp_listen(modbus, CONNECTIONS_MAX);
    if (listener < 0) return 3;
    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[64];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    for (;;) {
        int ready = epoll_wait(poll, events, 64, -1);
        for (int n = 0; n < ready; n++) {
            int fd = events[n].data.fd;
            if (fd == listener) {
                struct epoll_event more = {.events = EPOLLIN, .data.fd = accept(listener, NULL, NULL)};
                if (more.data.fd >= 0) epoll_ctl(poll, EPOLL_CTL_ADD, more.data.fd, &more);
                continue;
            }
            modbus_set_socket(modbus, fd);
            int length = modbus_receive(modbus, query);
            if (length > 0) modbus_reply(modbus, query, length, map);
            if (length < 0) close(fd);
        }
    }
}

static int serve_rtu(const char *path, int baud, int unit) {
    modbus_mapping_t *map = mapping();
    modbus_t *modbus = modbus_new_rtu(path, baud, 'N', 8, 1);
    if (modbus == NULL || modbus_set_slave(modbus, unit) < 0 || modbus_connect(modbus) < 0) return 3;
    uint8_t query[MODBUS_RTU_MAX_ADU_LENGTH];
    for (;;) {
        int length = modbus_receive(modbus, query);
        if (length > 0) modbus_reply(modbus, query, length, map);
        if (length < 0 && (errno == EIO || errno == EBADF)) return 0;
    }
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static int ask(int port, int count, double lasts, int paced) {
    static modbus_t *clients[CONNECTIONS_MAX];
    uint8_t answer[MODBUS_TCP_MAX_ADU_LENGTH];
    if (count > CONNECTIONS_MAX) return 2;
    for (int n = 0; n < count; n++) {
        clients[n] = modbus_new_tcp("127.0.0.1", port);
        if (modbus_connect(clients[n]) < 0) return 3;
    }
    uint8_t question[] = {1, 4, 0, 0, 0, READ};
    unsigned long reads = 0, sum = 0;
    double began = seconds();
    for (int round = 1; seconds() - began < lasts; round++) {
        for (int n = 0; n < count; n++) modbus_send_raw_request(clients[n], question, sizeof question);
        for (int n = 0; n < count; n++) {
            int length = modbus_receive_confirmation(clients[n], answer);
            if (length != 9 + 2 * READ) return 4;
            for (int k = 0; k < READ; k++) sum += answer[9 + 2 * k] << 8 | answer[10 + 2 * k];
            reads++;
        }
        double rest = began + round / 5.0 - seconds();
        if (paced && rest > 0) usleep(rest * 1e6);
    }
    printf("%lu %f %lu\n", reads, seconds() - began, sum);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "tcp") == 0) return serve_tcp(atoi(argv[2]));
    if (argc == 5 && strcmp(argv[1], "rtu") == 0) return serve_rtu(argv[2], atoi(argv[3]), atoi(argv[4]));
    if (argc == 5 && strcmp(argv[1], "ask") == 0) return ask(atoi(argv[2]), atoi(argv[3]), atof(argv[4]), 0);
    if (argc == 5 && strcmp(argv[1], "pace") == 0) return ask(atoi(argv[2]), atoi(argv[3]), atof(argv[4]), 1);
    return 2;
}
