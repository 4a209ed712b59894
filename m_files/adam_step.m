% -*- texinfo -*-
% @deftypefn  {} {[@var{w}, @var{m}, @var{s}] =} @
% adam_step (@var{w}, @var{dw}, @var{m}, @var{s}, @var{step})
% @deftypefnx {} {[@var{w}, @var{m}, @var{s}] =} @
% adam_step (@dots{}, @var{name}, @var{value}, @dots{})
% Return weights after one step of Adam, with both moments.
%
% @var{dw} is the gradient, @var{m} the first moment and @var{s} the @emph{root} of the second
% one (zeros at first); @var{step} counts from 1.  Options: @qcode{"learning_rate"} (0.001),
% @qcode{"beta1"} (0.9), @qcode{"beta2"} (0.999) and @qcode{"epsilon"} (1e-8).
%
% @example
% @group
% adam_step (1, 0.5, 0, 0, 1)
%    @result{} 0.9990
% @end group
% @end example
% @seealso{sgd_step, train_model}
% @end deftypefn

function [w, m, s] = adam_step(w, dw, m, s, step, varargin)
  if nargin < 5
    print_usage();
  end
  op = 'adam_step';
  defaults = struct('learning_rate', 0.001, 'beta1', 0.9, 'beta2', 0.999, 'epsilon', 1e-8);
  options = parse_options(op, defaults, varargin);
  w = check_matrix(op, 'W', w);
  dw = check_state(op, 'DW', dw, w);
  m = check_state(op, 'M', m, w);
  s = check_state(op, 'S', s, w);
  step = check_integer(op, 'STEP', step, '[1, Inf)');
  rate = check_number(op, 'LEARNING_RATE', options.learning_rate, '(0, Inf)');
  beta1 = check_number(op, 'BETA1', options.beta1, '[0, 1)');
  beta2 = check_number(op, 'BETA2', options.beta2, '[0, 1)');
  epsilon = check_number(op, 'EPSILON', options.epsilon, '(0, Inf)');
  share = 1 - beta1;
  root = sqrt(1 - beta2);
  [w, m, s] = adam_kernel(w, dw, m / share, s / root, step, rate, beta1, beta2, epsilon);
  m = share * m;
  s = root * s;
end

%!test
%! [w, m, s] = adam_step([1, 1], [0.5, -2], [0, 0], [0, 0], 1);
%! assert(w, [0.999, 1.001], 1e-10);
%! assert(m, [0.05, -0.2], eps);
%! assert(s .^ 2, 0.001 * [0.25, 4], eps);
%!assert(class(adam_step(single(1), 1, 0, 0, 1)), 'single')
%!error <DW must have the size of W, 1x1, got 1x2> adam_step(1, [1, 2], 0, 0, 1)
%!error <STEP must be a whole number in \[1, Inf\), got 0> adam_step(1, 1, 0, 0, 0)
