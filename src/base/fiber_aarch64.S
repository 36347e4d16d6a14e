/* fiber_aarch64.S - the stack switch for 64-bit Arm, AAPCS64 calling convention.
 *
 * A suspended stack holds, from its stack pointer up:
 *    0  x29, 8 x30 (where to return to), 16 x19 .. x28
 *   96  d8 .. d15
 *  160  fpcr, 168 nothing
 *
 * Branch targets are marked, so that the file may stand in a program with BTI. Return addresses are
 * not signed, which may be mixed with code that signs its own. */

#if defined(__aarch64__) && defined(__LP64__) && defined(__ELF__) && !defined(EDAI_FIBER_UCONTEXT)

    .text

    /* void edai_fiber_swap(void **ret_sp: x0, void *sp: x1) */
    .globl edai_fiber_swap
    .hidden edai_fiber_swap
    .type edai_fiber_swap, %function
    .p2align 4
edai_fiber_swap:
    .cfi_startproc
    hint #34                    /* bti c */
    stp x29, x30, [sp, #-176]!
    .cfi_adjust_cfa_offset 176
    .cfi_rel_offset x29, 0
    .cfi_rel_offset x30, 8
    stp x19, x20, [sp, #16]
    .cfi_rel_offset x19, 16
    .cfi_rel_offset x20, 24
    stp x21, x22, [sp, #32]
    .cfi_rel_offset x21, 32
    .cfi_rel_offset x22, 40
    stp x23, x24, [sp, #48]
    .cfi_rel_offset x23, 48
    .cfi_rel_offset x24, 56
    stp x25, x26, [sp, #64]
    .cfi_rel_offset x25, 64
    .cfi_rel_offset x26, 72
    stp x27, x28, [sp, #80]
    .cfi_rel_offset x27, 80
    .cfi_rel_offset x28, 88
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mrs x9, fpcr
    str x9, [sp, #160]
    mov x10, sp
    str x10, [x0]

    /* Both stacks have the same shape here, so what was said of the frame stays true. */
    mov sp, x1
    ldr x10, [sp, #160]
    cmp x9, x10                 /* writing fpcr is slow, and it is nearly always the same */
    b.eq 1f
    msr fpcr, x10
1:
    ldp d14, d15, [sp, #144]
    ldp d12, d13, [sp, #128]
    ldp d10, d11, [sp, #112]
    ldp d8, d9, [sp, #96]
    ldp x27, x28, [sp, #80]
    ldp x25, x26, [sp, #64]
    ldp x23, x24, [sp, #48]
    ldp x21, x22, [sp, #32]
    ldp x19, x20, [sp, #16]
    ldp x29, x30, [sp], #176
    .cfi_adjust_cfa_offset -176
    .cfi_restore x19
    .cfi_restore x20
    .cfi_restore x21
    .cfi_restore x22
    .cfi_restore x23
    .cfi_restore x24
    .cfi_restore x25
    .cfi_restore x26
    .cfi_restore x27
    .cfi_restore x28
    .cfi_restore x29
    .cfi_restore x30
    ret
    .cfi_endproc
    .size edai_fiber_swap, . - edai_fiber_swap

    /* void edai_fiber_call(void **ret_sp: x0, void *top: x1, void (*fn)(void *): x2, void *arg: x3)
     * Leaves the same shape behind as a switch does. */
    .globl edai_fiber_call
    .hidden edai_fiber_call
    .type edai_fiber_call, %function
    .p2align 4
edai_fiber_call:
    .cfi_startproc
    hint #34                    /* bti c */
    stp x29, x30, [sp, #-176]!
    .cfi_adjust_cfa_offset 176
    .cfi_rel_offset x29, 0
    .cfi_rel_offset x30, 8
    stp x19, x20, [sp, #16]
    .cfi_rel_offset x19, 16
    .cfi_rel_offset x20, 24
    stp x21, x22, [sp, #32]
    .cfi_rel_offset x21, 32
    .cfi_rel_offset x22, 40
    stp x23, x24, [sp, #48]
    .cfi_rel_offset x23, 48
    .cfi_rel_offset x24, 56
    stp x25, x26, [sp, #64]
    .cfi_rel_offset x25, 64
    .cfi_rel_offset x26, 72
    stp x27, x28, [sp, #80]
    .cfi_rel_offset x27, 80
    .cfi_rel_offset x28, 88
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mrs x9, fpcr
    str x9, [sp, #160]
    mov x19, sp
    str x19, [x0]
    .cfi_remember_state
    .cfi_undefined x30          /* the caller may go on before fn returns: no way back to be shown */
    and x1, x1, #-16
    mov sp, x1
    mov x0, x3
    blr x2
    mov sp, x19
    .cfi_restore_state
    /* What fn keeps need not be read again, only what was used here. */
    mrs x9, fpcr
    ldr x10, [sp, #160]
    cmp x9, x10
    b.eq 1f
    msr fpcr, x10
1:
    ldr x19, [sp, #16]
    ldp x29, x30, [sp], #176
    .cfi_adjust_cfa_offset -176
    .cfi_restore x19
    .cfi_restore x20
    .cfi_restore x21
    .cfi_restore x22
    .cfi_restore x23
    .cfi_restore x24
    .cfi_restore x25
    .cfi_restore x26
    .cfi_restore x27
    .cfi_restore x28
    .cfi_restore x29
    .cfi_restore x30
    ret
    .cfi_endproc
    .size edai_fiber_call, . - edai_fiber_call

    /* Where a new stack goes on first: calls x19 with x20. The stack ends here for whoever
     * unwinds it. */
    .type fiber_start, %function
    .p2align 4
fiber_start:
    .cfi_startproc
    .cfi_undefined x30
    mov x0, x20
    blr x19
    brk #1
    .cfi_endproc
    .size fiber_start, . - fiber_start

    /* void *edai_fiber_frame(void *top: x0, void (*fn)(void *arg): x1, void *arg: x2) */
    .globl edai_fiber_frame
    .hidden edai_fiber_frame
    .type edai_fiber_frame, %function
    .p2align 4
edai_fiber_frame:
    .cfi_startproc
    hint #34                    /* bti c */
    and x0, x0, #-16
    sub x0, x0, #192            /* 16 bytes of zeros stay above the frame */
    adr x9, fiber_start
    stp xzr, x9, [x0]
    stp x1, x2, [x0, #16]
    stp xzr, xzr, [x0, #32]
    stp xzr, xzr, [x0, #48]
    stp xzr, xzr, [x0, #64]
    stp xzr, xzr, [x0, #80]
    stp xzr, xzr, [x0, #96]
    stp xzr, xzr, [x0, #112]
    stp xzr, xzr, [x0, #128]
    stp xzr, xzr, [x0, #144]
    mrs x9, fpcr
    stp x9, xzr, [x0, #160]
    stp xzr, xzr, [x0, #176]
    ret
    .cfi_endproc
    .size edai_fiber_frame, . - edai_fiber_frame

#if defined(__ARM_FEATURE_BTI_DEFAULT)
    /* GNU_PROPERTY_AARCH64_FEATURE_1_AND: BTI. Without it this object alone would turn BTI off. */
    .section .note.gnu.property, "a", %note
    .p2align 3
    .word 4
    .word 16
    .word 5
    .asciz "GNU"
    .word 0xc0000000
    .word 4
    .word 1
    .word 0
#endif

#endif

#if defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
