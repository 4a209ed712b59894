% -*- texinfo -*-
% @deftypefn  {} {[@var{value}, @var{gradient}] =} loss_mse (@var{outputs}, @var{targets})
% @deftypefnx {} {[@var{value}, @var{gradient}] =} loss_mse (@dots{}, "sample_weight", @var{weight})
% Return the mean squared error of a batch and its gradient.
%
% Samples are columns.  @var{value} is the mean over samples of
% @code{@var{sample_weight} .* mean ((@var{outputs} - @var{targets}) .^ 2, 1)}, and
% @var{gradient} its derivative with respect to @var{outputs}.  @var{sample_weight} holds one
% number a sample, not negative, and is used as given; ones if left out.  The computation is in
% the class of @var{outputs}.
%
% @example
% @group
% [value, gradient] = loss_mse ([1; 2], [0; 2])
%    @result{} value = 0.5000
%       gradient = [1; 0]
% @end group
% @end example
% @seealso{loss_crossentropy, distillation_loss}
% @end deftypefn

function [value, gradient] = loss_mse(outputs, targets, varargin)
  if nargin < 2
    print_usage();
  end
  op = 'loss_mse';
  options = parse_options(op, struct('sample_weight', []), varargin);
  [outputs, targets] = check_batch(op, 'OUTPUTS', outputs, targets);
  weight = check_sample_weight(op, options.sample_weight, outputs);
  [value, gradient] = mse_kernel(outputs, targets, weight);
end

%!test
%! [value, gradient] = loss_mse([1, 0; 2, 4], [0, 0; 2, 2]);
%! assert(value, 1.25);
%! assert(gradient, [0.5, 0; 0, 1]);
%!test
%! [value, gradient] = loss_mse([1, 0; 2, 4], [0, 0; 2, 2], 'sample_weight', [2, 0]);
%! assert(value, 0.5);
%! assert(gradient, [1, 0; 0, 0]);
%!test
%! [value, gradient] = loss_mse(single([1, 2]), [0, 2]);
%! assert(class(value), 'single');
%! assert(class(gradient), 'single');
%!test  % the gradient is that of finite differences
%! outputs = [0.3, -1; 2, 0.5; 1, 1];
%! [~, gradient] = loss_mse(outputs, eye(3, 2), 'sample_weight', [1, 3]);
%! step = zeros(3, 2);
%! step(2, 2) = 1e-6;
%! slope = (loss_mse(outputs + step, eye(3, 2), 'sample_weight', [1, 3]) ...
%!          - loss_mse(outputs - step, eye(3, 2), 'sample_weight', [1, 3])) / 2e-6;
%! assert(gradient(2, 2), slope, 1e-8);
%!error <OUTPUTS must not be empty> loss_mse([], [])
%!error <TARGETS must have 2 outputs and 3 samples, got 3 and 2> loss_mse(ones(2, 3), ones(3, 2))
%!error <SAMPLE_WEIGHT must have 2 values, got 1> loss_mse([1, 2], [1, 2], 'sample_weight', 1)
%!error <SAMPLE_WEIGHT must be in \[0, Inf\), got -1> loss_mse(1, 1, 'sample_weight', -1)
%!error <Invalid call> loss_mse(1)
