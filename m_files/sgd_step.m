% -*- texinfo -*-
% @deftypefn  {} {[@var{w}, @var{velocity}] =} sgd_step (@var{w}, @var{dw}, @var{velocity})
% @deftypefnx {} {[@var{w}, @var{velocity}] =} sgd_step (@dots{}, @var{name}, @var{value}, @dots{})
% Return weights after one step of gradient descent with momentum, and the velocity.
%
% @code{@var{velocity} = momentum * @var{velocity} - learning_rate * @var{dw}} is added to
% @var{w}.  Options: @qcode{"learning_rate"} (0.01) and @qcode{"momentum"} (0.9).
%
% @example
% @group
% sgd_step (1, 0.5, 0)
%    @result{} 0.9950
% @end group
% @end example
% @seealso{adam_step, train_model}
% @end deftypefn

function [w, velocity] = sgd_step(w, dw, velocity, varargin)
  if nargin < 3
    print_usage();
  end
  op = 'sgd_step';
  options = parse_options(op, struct('learning_rate', 0.01, 'momentum', 0.9), varargin);
  w = check_matrix(op, 'W', w);
  dw = check_state(op, 'DW', dw, w);
  velocity = check_state(op, 'VELOCITY', velocity, w);
  rate = check_number(op, 'LEARNING_RATE', options.learning_rate, '(0, Inf)');
  momentum = check_number(op, 'MOMENTUM', options.momentum, '[0, 1)');
  [w, velocity] = sgd_kernel(w, -rate * dw, velocity, momentum);
end

%!test
%! [w, v] = sgd_step([1, 2], [1, -1], [0.5, 0]);
%! assert(v, [0.44, 0.01], eps);
%! assert(w, [1.44, 2.01], eps);
%!error <MOMENTUM must be in \[0, 1\), got 1> sgd_step(1, 1, 0, 'momentum', 1)
