% -*- texinfo -*-
% @deftypefn {} {[@var{outputs}, @var{z}] =} @
% dense_forward (@var{w}, @var{bias}, @var{X}, @var{activation})
% Return the outputs of one dense layer for samples, and its pre-activations.
%
% @code{@var{z} = @var{w} * @var{X} + @var{bias}} with samples in the columns of @var{X}, and
% @var{outputs} is @var{activation} of it: @qcode{"linear"}, @qcode{"relu"}, @qcode{"sigmoid"},
% @qcode{"tanh"} or @qcode{"softmax"}.
%
% @example
% @group
% dense_forward ([1, -1], 0.5, [1; 3], "relu")
%    @result{} 0
% @end group
% @end example
% @seealso{dense_backward, predict_model}
% @end deftypefn

function [outputs, z] = dense_forward(w, bias, X, activation)
  if nargin ~= 4
    print_usage();
  end
  op = 'dense_forward';
  [w, bias, X] = check_dense(op, w, bias, X, activation);
  z = w * X + bias;
  outputs = activate(z, activation);
end

%!test
%! [a, z] = dense_forward([1, -1; 2, 0], [0.5; -1], [1, 0; 3, 1], 'relu');
%! assert(z, [-1.5, -0.5; 1, -1]);
%! assert(a, [0, 0; 1, 0]);
%!assert(dense_forward(1, 0, 0, 'sigmoid'), 0.5)
%!assert(sum(dense_forward(eye(3), zeros(3, 1), magic(3), 'softmax')), [1, 1, 1], eps * 4)
%!assert(class(dense_forward(single(1), 0, 1, 'tanh')), 'single')
%!error <X must have 2 features, got 1> dense_forward([1, 2], 0, 1, 'relu')
%!error <BIAS must have 1 elements, got 2> dense_forward([1, 2], [0; 0], [1; 1], 'relu')
%!error <ACTIVATION must be> dense_forward(1, 0, 1, 'gelu')
