/* fiber_x86_64.S - the stack switch for x86-64, System V calling convention.
 *
 * A suspended stack holds, from its stack pointer up:
 *    0  mxcsr, 4 the x87 control word, 6 nothing
 *    8  r15, 16 r14, 24 r13, 32 r12, 40 rbx, 48 rbp
 *   56  the address to return to
 *
 * The file says nothing about control-flow enforcement on purpose: a shadow stack does not follow a
 * change of stacks, and an object without that note makes the linker leave the feature off for the
 * program. */

#if defined(__x86_64__) && defined(__LP64__) && defined(__ELF__) && !defined(EDAI_FIBER_UCONTEXT)

    .text

    /* void edai_fiber_swap(void **ret_sp: rdi, void *sp: rsi) */
    .globl edai_fiber_swap
    .hidden edai_fiber_swap
    .type edai_fiber_swap, %function
    .p2align 4
edai_fiber_swap:
    .cfi_startproc
    endbr64
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r15, 0
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movl (%rsp), %ecx
    movzwl 4(%rsp), %edx
    movq %rsp, (%rdi)

    /* Both stacks have the same shape here, so what was said of the frame stays true. */
    movq %rsi, %rsp
    /* Loading a control word is slow, and it is nearly always the same. */
    cmpl %ecx, (%rsp)
    je 1f
    ldmxcsr (%rsp)
1:
    cmpw %dx, 4(%rsp)
    je 2f
    fldcw 4(%rsp)
2:
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    popq %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r15
    popq %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r14
    popq %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r13
    popq %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r12
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbx
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbp
    /* Not ret: the processor would expect to return to the caller of this very call, which is the
     * one place it never goes to. Measured: 12 ns a switch with ret, 3 with jmp. */
    popq %r8
    .cfi_adjust_cfa_offset -8
    .cfi_register %rip, %r8
    jmp *%r8
    .cfi_endproc
    .size edai_fiber_swap, . - edai_fiber_swap

    /* void edai_fiber_call(void **ret_sp: rdi, void *top: rsi, void (*fn)(void *): rdx, void *arg:
     * rcx)
     * Leaves the same shape behind as a switch does. The call and its two returns are a pair each,
     * so that the processor foretells them, whatever stack they are on. */
    .globl edai_fiber_call
    .hidden edai_fiber_call
    .type edai_fiber_call, %function
    .p2align 4
edai_fiber_call:
    .cfi_startproc
    endbr64
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r15, 0
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %rsp, (%rdi)
    movq %rsp, %rbx
    .cfi_remember_state
    .cfi_undefined %rip         /* the caller may go on before fn returns: no way back to be shown */
    andq $-16, %rsi
    movq %rsi, %rsp
    movq %rcx, %rdi
    call *%rdx
    movq %rbx, %rsp
    .cfi_restore_state
    /* What fn keeps need not be read again, only what was used here. */
    stmxcsr -8(%rsp)
    fnstcw -4(%rsp)
    movl -8(%rsp), %ecx
    movzwl -4(%rsp), %edx
    cmpl %ecx, (%rsp)
    je 1f
    ldmxcsr (%rsp)
1:
    cmpw %dx, 4(%rsp)
    je 2f
    fldcw 4(%rsp)
2:
    movq 40(%rsp), %rbx
    .cfi_restore %rbx
    addq $56, %rsp
    .cfi_adjust_cfa_offset -56
    .cfi_restore %rbp
    .cfi_restore %r12
    .cfi_restore %r13
    .cfi_restore %r14
    .cfi_restore %r15
    ret
    .cfi_endproc
    .size edai_fiber_call, . - edai_fiber_call

    /* Where a new stack goes on first: calls r12 with r13. The stack ends here for whoever
     * unwinds it. */
    .type fiber_start, %function
    .p2align 4
fiber_start:
    .cfi_startproc
    .cfi_undefined %rip
    endbr64
    movq %r13, %rdi
    call *%r12
    ud2
    .cfi_endproc
    .size fiber_start, . - fiber_start

    /* void *edai_fiber_frame(void *top: rdi, void (*fn)(void *arg): rsi, void *arg: rdx)
     * 16 bytes of zeros stay above the frame, so that the stack is aligned as for a call when
     * fiber_start runs. */
    .globl edai_fiber_frame
    .hidden edai_fiber_frame
    .type edai_fiber_frame, %function
    .p2align 4
edai_fiber_frame:
    .cfi_startproc
    endbr64
    andq $-16, %rdi
    leaq -80(%rdi), %rax
    xorl %ecx, %ecx
    movq %rcx, (%rax)
    stmxcsr (%rax)
    fnstcw 4(%rax)
    movq %rcx, 8(%rax)
    movq %rcx, 16(%rax)
    movq %rdx, 24(%rax)
    movq %rsi, 32(%rax)
    movq %rcx, 40(%rax)
    movq %rcx, 48(%rax)
    movq %rcx, 64(%rax)
    movq %rcx, 72(%rax)
    leaq fiber_start(%rip), %rcx
    movq %rcx, 56(%rax)
    ret
    .cfi_endproc
    .size edai_fiber_frame, . - edai_fiber_frame

#endif

#if defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
