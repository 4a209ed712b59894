% -*- texinfo -*-
% @deftypefn {} {@var{probabilities} =} soft_targets (@var{logits}, @var{temperature})
% Return what a teacher says at a temperature, @code{softmax (@var{logits} / @var{temperature})}.
%
% Samples are columns; each column of @var{probabilities} sums to 1.  @var{logits} is what the
% teacher said before softmax.  @var{temperature} lies in (0, Inf): 1 leaves the probabilities
% alone, more makes them softer (Hinton et al. 2015).
%
% @example
% @group
% soft_targets ([0; 2], 2)
%    @result{} 0.2689
%       0.7311
% @end group
% @end example
% @seealso{distillation_loss}
% @end deftypefn

function probabilities = soft_targets(logits, temperature)
  if nargin ~= 2
    print_usage();
  end
  op = 'soft_targets';
  logits = check_matrix(op, 'LOGITS', logits);
  check_not_empty(op, 'LOGITS', logits);
  temperature = check_number(op, 'TEMPERATURE', temperature, '(0, Inf)');
  % A temperature beyond the float class would become 0 or Inf in it; the limit is the same.
  temperature = min(max(temperature, double(realmin(class(logits)))), ...
                    double(realmax(class(logits))));
  probabilities = softmax_columns((logits - max(logits, [], 1)) / temperature);
end

%!assert(soft_targets([0; 2], 2), [1; e] / (1 + e), 2 * eps)
%!assert(soft_targets([0, 1000; 0, 0], 1), [0.5, 1; 0.5, 0])
%!assert(soft_targets(single([1; 2]), 1e-300), single([0; 1]))
%!assert(soft_targets([1; 2], 1e300), [0.5; 0.5])
%!assert(class(soft_targets(single([1; 2]), 3)), 'single')
%!error <TEMPERATURE must be in \(0, Inf\), got 0> soft_targets([1; 2], 0)
%!error <LOGITS must not be empty> soft_targets([], 1)
%!error <LOGITS must not contain NaN> soft_targets([1; NaN], 1)
%!error <Invalid call> soft_targets(1)

%!demo
%! % What a network says of four classes is softer at a higher temperature.
%! if have_window_system()
%!   logits = [6; 4; 1; -2];
%!   bar([soft_targets(logits, 1), soft_targets(logits, 4)]);
%!   xlabel('class');
%!   legend('temperature 1', 'temperature 4');
%! end
